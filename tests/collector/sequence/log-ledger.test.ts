import { describe, expect, test } from 'vitest';
import { createLedger } from '../../../collector/sequence/ledger.js';
import { ColumnBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';

const T0 = 1_796_284_800_000;

function drained(ledger: ReturnType<typeof createLedger>) {
  const batch = new ColumnBatch(COVERAGE_COLUMNS);
  ledger.drain(Number.POSITIVE_INFINITY, batch);
  const { columns } = batch;
  return Array.from({ length: batch.length }, (_, row) => ({
    minute: (columns.minute[row]! - T0) / 60_000,
    observed: columns.observedMilliseconds[row]!,
    silent: columns.silentMilliseconds[row]!,
    missed: columns.packetsMissed[row]!,
    messages: columns.messagesReceived[row]!,
  }));
}

describe('the ledger of a log', () => {
  test('a line without a record shows that the log ran, once it has begun', () => {
    const ledger = createLedger();
    const log = ledger.log('tap', 'zeek');
    log.other(T0);
    log.record(T0 + 30_000);
    log.other();
    log.other(T0 + 90_000);
    expect([log.lines, log.lastMs, log.heardMs]).toEqual([4, T0 + 30_000, T0 + 90_000]);
    expect(drained(ledger)).toEqual([
      { minute: 0, observed: 30_000, silent: 0, missed: 0, messages: 1 },
      { minute: 1, observed: 30_000, silent: 0, missed: 0, messages: 0 },
    ]);
  });

  test('what the sensor missed, and its silence, are booked in their minutes', () => {
    const ledger = createLedger();
    const log = ledger.log('tap', 'zeek');
    log.packetsMissed(7, T0 + 1000);
    log.packetsMissed(3, T0 + 2000);
    log.silent(T0 + 45_000, T0 + 125_000);
    expect(drained(ledger)).toMatchObject([
      { minute: 0, silent: 15_000, missed: 10 },
      { minute: 1, silent: 60_000, missed: 0 },
      { minute: 2, silent: 5000, missed: 0 },
    ]);
  });
});
