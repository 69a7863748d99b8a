import { describe, expect, it } from 'vitest';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { DIALECTS, type Dialect, DialectStream } from '../../../collector/sequence/dialect.js';
import { DEFAULT_SEQUENCE_LIMITS } from '../../../collector/sequence/limits.js';

const T0 = 1_796_256_000_000;

/** Messages of 1 to 5 flow records, every eighth with an options record, numbered as an exporter of that dialect does. */
function messages(dialect: Dialect, count: number) {
  let sequence = 1000;
  return Array.from({ length: count }, (_, index) => {
    const report = createMessageReport();
    const flows = 1 + ((index * 7) % 5);
    const options = index % 8 === 0 ? 1 : 0;
    const units = dialect === 'messages' ? 1 : dialect === 'records-before' ? flows + options : flows;
    if (dialect === 'flow-records-including') sequence += units;
    Object.assign(report, {
      protocol: 'ipfix',
      sequenceNumber: sequence,
      recordsDecoded: flows,
      recordsAnnounced: flows,
      optionsRecords: options,
    });
    report.exportTimeMs = T0 + index * 1000;
    if (dialect !== 'flow-records-including') sequence += units;
    return report;
  });
}

function follow(dialect: Dialect, count: number, dropped: readonly number[]) {
  const booked = { lost: 0, restarts: 0, undecodable: 0 };
  const stream = new DialectStream(DEFAULT_SEQUENCE_LIMITS, {
    lost: (units) => {
      booked.lost += units;
    },
    restarted: () => {
      booked.restarts++;
    },
    undecodable: (units) => {
      booked.undecodable += units;
    },
  });
  for (const [index, report] of messages(dialect, count).entries()) if (!dropped.includes(index)) stream.observe(report);
  const learned = stream.dialect;
  stream.settleAll();
  return { ...booked, learned };
}

describe('sequence dialects of IPFIX exporters', () => {
  it.each(DIALECTS)('%s: found out, and no loss claimed where there was none', (dialect) => {
    expect(follow(dialect, 200, [])).toEqual({ lost: 0, restarts: 0, undecodable: 0, learned: dialect });
  });

  it.each(DIALECTS)('%s: a loss is counted in its own unit, before the dialect is known and after', (dialect) => {
    const dropped = [2, 120, 121];
    const units = messages(dialect, 200).filter((_, index) => dropped.includes(index));
    const lost = units.reduce((sum, { recordsDecoded, optionsRecords }) => {
      return sum + (dialect === 'messages' ? 1 : recordsDecoded + (dialect === 'records-before' ? optionsRecords : 0));
    }, 0);
    expect(follow(dialect, 200, dropped)).toEqual({ lost, restarts: 0, undecodable: 0, learned: dialect });
  });

  it('takes the RFC at its word while a few messages are all there is', () => {
    expect(follow('records-before', 3, [1]).lost).toBeGreaterThan(0);
  });
});
