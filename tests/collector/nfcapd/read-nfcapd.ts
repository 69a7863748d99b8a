import { createCollector } from '../../../collector/collector.js';
import { readFileInto } from '../../../collector/files.js';
import { formatAddress } from '../../../flow/address.js';
import type { FlowBatch } from '../../../flow/batch.js';
import { COMPLETION } from '../../../flow/columns.js';

export type NfcapdRow = ReturnType<typeof rowOf>;

/** Reads a file as `decode` does, with `auto` recognition: its rows, and the sums of the ledger that must balance. */
export async function readNfcapd(path: string) {
  const rows: NfcapdRow[] = [];
  const ledger: Record<string, number> = {};
  const collector = createCollector({
    flows: {
      async write(batch, unwatched) {
        unwatched?.fill(0, 0, batch.length);
        for (let row = 0; row < batch.length; row++) rows.push(rowOf(batch, row));
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    async coverage(batch) {
      for (const name of ['recordsSent', 'recordsReceived', 'recordsLost', 'recordsDecoded', 'recordsMalformed'] as const) {
        for (let row = 0; row < batch.length; row++) ledger[name] = (ledger[name] ?? 0) + batch.columns[name][row]!;
      }
    },
  });
  const summary = await readFileInto(collector, { path, format: 'auto', sensor: 'router' });
  await collector.flush();
  await collector.flushLedger(Number.POSITIVE_INFINITY);
  return { rows, summary, ledger, faults: Object.fromEntries(collector.counters.faults) };
}

function rowOf({ columns }: FlowBatch, row: number) {
  return {
    startMs: columns.flowStartMilliseconds[row]!,
    endMs: columns.flowEndMilliseconds[row]!,
    receivedMs: columns.exportTimeMilliseconds[row]!,
    source: formatAddress(columns.sourceIPv6Address.bytes, row * 16),
    destination: formatAddress(columns.destinationIPv6Address.bytes, row * 16),
    ports: [columns.sourceTransportPort[row]!, columns.destinationTransportPort[row]!],
    protocol: columns.protocolIdentifier[row]!,
    icmp: columns.icmpTypeCode[row]!,
    flags: columns.tcpControlBits[row]!,
    octets: [columns.octetDeltaCount[row]!, columns.reverseOctetDeltaCount[row]!],
    packets: [columns.packetDeltaCount[row]!, columns.reversePacketDeltaCount[row]!],
    biflow: columns.biflow[row]!,
    sampling: columns.samplingInterval[row]!,
    interfaces: [columns.ingressInterface[row]!, columns.egressInterface[row]!],
    as: [columns.bgpSourceAsNumber[row]!, columns.bgpDestinationAsNumber[row]!],
    vlan: columns.vlanId[row]!,
    macs: [columns.sourceMacAddress[row]!, columns.destinationMacAddress[row]!],
    firewall: columns.firewallEvent[row]!,
    nat: columns.natEvent[row]!,
    translated: [
      formatAddress(columns.postNATSourceIPv6Address.bytes, row * 16),
      formatAddress(columns.postNATDestinationIPv6Address.bytes, row * 16),
    ],
    translatedPorts: [columns.postNAPTSourceTransportPort[row]!, columns.postNAPTDestinationTransportPort[row]!],
    vrf: columns.vrfName.dictionary.name(columns.vrfName.codes[row]!),
    tunnel: columns.tunnel.dictionary.name(columns.tunnel.codes[row]!),
    completion: COMPLETION[columns.completion[row]!]!,
    protocolName: columns.exportProtocol.dictionary.name(columns.exportProtocol.codes[row]!),
    sensor: columns.sensor.dictionary.name(columns.sensor.codes[row]!),
  };
}
