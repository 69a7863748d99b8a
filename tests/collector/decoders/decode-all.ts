import type { FlowDecoder, MessageReport, Origin } from '../../../collector/contracts.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { parseAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import { FaultCounts } from '../inputs/fault-counts.js';

export function testOrigin(address = '192.0.2.1', port = 40_000, transport: Origin['transport'] = 'udp'): Origin {
  return { sensor: `sensor-${address}`, exporter: parseAddress(address), exporterPort: port, transport, receivedMs: Number.NaN };
}

export interface Decoded {
  readonly batch: FlowBatch;
  readonly reports: readonly MessageReport[];
  readonly faults: FaultCounts;
  readonly rows: number;
}

/** Runs payloads through one decoder in order and keeps all that it said. */
export function decodeAll(decoder: FlowDecoder, payloads: readonly Uint8Array[], origin: Origin = testOrigin()): Decoded {
  const batch = new FlowBatch(64);
  const faults = new FaultCounts();
  const reports: MessageReport[] = [];
  let rows = 0;
  for (const payload of payloads) {
    const report = createMessageReport();
    rows += decoder.decode(payload, origin, batch, report, faults);
    reports.push(report);
  }
  return { batch, reports, faults, rows };
}

export function total(
  reports: readonly MessageReport[],
  field: 'recordsDecoded' | 'recordsUndecodable' | 'recordsMalformed' | 'optionsRecords',
): number {
  return reports.reduce((sum, report) => sum + report[field], 0);
}
