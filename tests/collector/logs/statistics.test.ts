import { describe, expect, test } from 'vitest';
import { readLog } from './read-log.js';

const header = (path: string, ...fields: string[]): string => `#separator \\x09\n#path\t${path}\n#fields\t${fields.join('\t')}\n`;

describe('what sensors say that they missed', () => {
  test("Zeek's capture_loss.log: gaps", () => {
    const log = `${header('capture_loss', 'ts', 'ts_delta', 'peer', 'gaps', 'acks', 'percent_lost')}1796284800.000000\t900.0\tworker-1\t17\t100000\t0.017\n1796285700.000000\t900.0\tworker-1\t0\t100000\t0.0\n`;
    const { told, faults, rows } = readLog('zeek', log);
    expect([told.missed, told.other, told.malformed, Object.keys(faults).length, rows]).toEqual([[[17, 1_796_284_800_000]], 5, 0, 0, []]);
  });

  test.each([
    [
      'TSV',
      `${header('stats', 'ts', 'peer', 'mem', 'pkts_proc', 'bytes_recv', 'pkts_dropped', 'pkts_link')}1796284800.000000\tzeek\t90\t5000\t700000\t23\t5023\n1796285100.000000\tzeek\t90\t5000\t700000\t-\t-\n`,
    ],
    [
      'JSON',
      '{"ts":1796284800.0,"peer":"zeek","pkts_proc":5000,"pkts_dropped":23,"pkts_link":5023}\n{"ts":1796285100.0,"peer":"zeek","pkts_proc":5000}\n',
    ],
  ])("Zeek's stats.log in %s: packets dropped", (_, log) => {
    const { told, rows } = readLog('zeek', log);
    expect([told.missed, told.malformed, rows]).toEqual([[[23, 1_796_284_800_000]], 0, []]);
  });

  const stats = (minute: number, uptime: number, capture: object, more: object = {}): string =>
    `${JSON.stringify({ timestamp: `2026-12-03T10:0${minute}:00.000000+0000`, event_type: 'stats', stats: { uptime, capture, ...more } })}\n`;
  const at = (minute: number): number => Date.UTC(2026, 11, 3, 10, minute);

  test("Suricata's stats: running totals count by their growth, from zero where the log began with it or it was started again", () => {
    const running = stats(0, 90_000, { kernel_packets: 9e6, kernel_drops: 500 });
    const grown = stats(1, 90_060, { kernel_packets: 9.1e6, kernel_drops: 530, kernel_ifdrops: 2 });
    const again = stats(2, 8, { kernel_packets: 1000, kernel_drops: 4 });
    expect(readLog('eve', running + grown + again).told.missed).toEqual([
      [32, at(1)],
      [4, at(2)],
    ]);
    expect(readLog('eve', again).told.missed).toEqual([[4, at(2)]]);
    expect(readLog('eve', running).told.missed).toEqual([]);
  });

  test('memory that ran out is missing records, gaps in streams are content missed', () => {
    const before = stats(0, 100, {}, { flow: { memcap: 1 }, tcp: { reassembly_gap: 10, ssn_memcap_drop: 0 } });
    const after = stats(1, 160, {}, { flow: { memcap: 3 }, tcp: { reassembly_gap: 17, ssn_memcap_drop: 0, segment_memcap_drop: 1 } });
    const { told, faults } = readLog('eve', before + after);
    expect([told.missing, told.missed, faults['content-missed'], told.other]).toEqual([[at(1)], [], 8, 2]);
  });

  test.each(['null', '7', '{"capture":7}', '{"capture":{"kernel_drops":"many"}}', '{"capture":{"kernel_drops":-1}}'])(
    'statistics that are none say nothing: %s',
    (value) => {
      const log = `{"timestamp":"2026-12-03T10:00:00.000000+0000","event_type":"stats","stats":${value}}\n`;
      const { told, faults } = readLog('eve', log + log);
      expect([told.missed, told.missing, Object.keys(faults).length, told.other]).toEqual([[], [], 0, 2]);
    },
  );
});
