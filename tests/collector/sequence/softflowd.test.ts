import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createLedger } from '../../../collector/sequence/ledger.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { testOrigin } from '../decoders/decode-all.js';
import { FaultCounts } from '../inputs/fault-counts.js';

/** UDP payloads of a classic little-endian pcap of Ethernet and IPv4: as much as our own recordings need. */
function payloads(pcap: Buffer): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 24; at + 16 <= pcap.length; ) {
    const captured = pcap.readUInt32LE(at + 8);
    const ip = at + 16 + 14;
    const udp = ip + (pcap[ip]! & 0x0f) * 4;
    out.push(new Uint8Array(pcap.subarray(udp + 8, at + 16 + captured)));
    at += 16 + captured;
  }
  return out;
}

describe("a day of a real exporter's datagrams (softflowd, fixtures/scenarios)", () => {
  for (const scenario of ['port-scanners', 'billing-cluster']) {
    for (const format of ['netflow5', 'netflow9', 'ipfix']) {
      const file = join(packageRoot(), 'fixtures/scenarios', scenario, `${format}.pcap.gz`);
      it.skipIf(!existsSync(file))(
        `${scenario}, ${format}: everything decodes, nothing is lost, and every 20th message left out is missed`,
        () => {
          const all = payloads(gunzipSync(readFileSync(file)));
          const count = (kept: readonly Uint8Array[]) => {
            const decoder = createExportDecoder();
            const ledger = createLedger();
            const report = createMessageReport();
            const faults = new FaultCounts();
            const batch = new FlowBatch();
            for (const payload of kept) {
              batch.clear();
              decoder.decode(payload, testOrigin(), batch, report, faults);
              ledger.message(report, testOrigin());
              ledger.rows(batch, 0, batch.length, 'exported');
            }
            const rows = new ColumnBatch(COVERAGE_COLUMNS);
            ledger.drain(Number.POSITIVE_INFINITY, rows);
            const sum = (name: 'recordsSent' | 'recordsLost' | 'restarts' | 'messagesLost') =>
              rows.columns[name].subarray(0, rows.length).reduce((total, value) => total + value, 0);
            return {
              sent: sum('recordsSent'),
              lost: sum('recordsLost'),
              messagesLost: sum('messagesLost'),
              restarts: sum('restarts'),
              faults: faults.counts,
            };
          };
          const whole = count(all);
          expect(whole).toMatchObject({ lost: 0, messagesLost: 0, restarts: 0, faults: {} });
          const thinned = count(all.filter((_, index) => index % 20 !== 10 || index > all.length - 20));
          expect(thinned.restarts).toBe(0);
          expect(thinned.lost).toBeGreaterThan(0);
          expect(Math.abs(thinned.sent - whole.sent) / whole.sent).toBeLessThan(format === 'netflow9' ? 0.01 : 1e-9);
        },
      );
    }
  }
});
