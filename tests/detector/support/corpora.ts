import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createCollector } from '../../../collector/collector.js';
import { readFileInto } from '../../../collector/files.js';
import { formatAddress } from '../../../flow/address.js';
import type { FlowBatch } from '../../../flow/batch.js';
import { Initiator } from '../../../flow/columns.js';
import { packageRoot } from '../../../flow/service/paths.js';
import type { Row } from './rows.js';

/** A file of other people's captures, which are no part of this repository (see its INDEX.md). Undefined where they are absent. */
export function detectionCorpus(file: string): string | undefined {
  const folder = process.env.CORDON_CORPORA ?? join(packageRoot(), '..', 'shared', 'corpora');
  const path = join(folder, 'detection', file);
  return existsSync(path) ? path : undefined;
}

/** A claim file that watches these addresses and says nothing of what they do but that there is a limit that none of them reaches. */
export function watchOnly(addresses: readonly string[]): string {
  const members = addresses.map((address, index) => `      - { name: host-${index + 1}, ip: ["${address}"] }`).join('\n');
  return `version: 1
id: corpus
owner: test@example.org
timezone: Europe/Prague
effective: { from: "1970-01-01" }
fleets:
  hosts:
    vendor: Example
    site: Example
    members:
${members}
sensors:
  tap: { kind: zeek, exporter: "192.0.2.1", sampling: 1, sees: [north-south, east-west] }
claims:
  - id: limit
    text: "A limit that none of them reaches."
    subject: hosts
    severity: high
    assert: { budget: [ { peer: { any: true }, budget: { bytes: 1000TiB, per: P1D } } ] }
    coverage: { sensors: [tap], time: "99%", max_gap: PT10M }
`;
}

/** The connections of a Zeek log, by the project's own reader, in the order of the log. */
export async function connectionsOf(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  const collector = createCollector({
    flows: {
      async write(batch, unwatched) {
        unwatched?.fill(0, 0, batch.length);
        for (let row = 0; row < batch.length; row++) rows.push(rowOf(batch, row));
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async () => undefined,
  });
  await readFileInto(collector, { path, format: 'zeek', sensor: 'tap' });
  await collector.flush();
  return rows;
}

function rowOf({ columns }: FlowBatch, row: number): Row {
  const initiator = columns.initiator[row]!;
  return {
    startMs: columns.flowStartMilliseconds[row]!,
    endMs: columns.flowEndMilliseconds[row]!,
    source: formatAddress(columns.sourceIPv6Address.bytes, row * 16),
    destination: formatAddress(columns.destinationIPv6Address.bytes, row * 16),
    sourcePort: columns.sourceTransportPort[row]!,
    destinationPort: columns.destinationTransportPort[row]!,
    protocol: columns.protocolIdentifier[row]!,
    octets: columns.octetDeltaCount[row]!,
    packets: columns.packetDeltaCount[row]!,
    reverseOctets: columns.reverseOctetDeltaCount[row]!,
    reversePackets: columns.reversePacketDeltaCount[row]!,
    flags: columns.tcpControlBits[row]!,
    reverseFlags: columns.reverseTcpControlBits[row]!,
    biflow: columns.biflow[row] === 1,
    ...(initiator === Initiator.unknown
      ? {}
      : { initiator: initiator === Initiator.source ? ('source' as const) : ('destination' as const) }),
    initiatorConfidence: columns.initiatorConfidence[row]!,
    icmpType: columns.icmpTypeCode[row]! >>> 8,
    application: columns.applicationName.dictionary.name(columns.applicationName.codes[row]!),
    sensor: 'tap',
  };
}
