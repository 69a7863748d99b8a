import type { Faults } from '../contracts.js';
import type { NameSink } from '../names/name-sink.js';
import { FragmentPorts } from '../packets/fragments.js';
import { PacketHeaders, PacketStatus } from '../packets/packet.js';
import type { PacketBatch } from '../packets/packet-batch.js';
import { parsePacket } from '../packets/parse-packet.js';
import { MAX_TUNNELS, type TunnelTable } from '../packets/tunnel-table.js';
import { DNS_PORT, DnsWatch } from './dns-watch.js';
import type { FlowTable } from './flow-table.js';
import type { MeterCounters } from './meter-counters.js';

/**
 * What stands between a captured packet and its flow: headers read, tunnel resolved, fragments given the ports of their first, DNS answers told, and
 * everything counted.
 */
export class PacketIntake {
  readonly packet = new PacketHeaders();
  /** Of the packet read last: its tunnel and that one's identity, 0 for none. */
  tunnel = 0;
  tunnelIdentity = 0;
  /** False when ports, or ICMP type and code, are 0 because they are not known. */
  portsKnown = false;
  private readonly counters: MeterCounters;
  private readonly tunnels: TunnelTable;
  private readonly flows: FlowTable;
  private readonly fragments = new FragmentPorts();
  private readonly dns: DnsWatch | undefined;
  /** Number of the packet from which tunnels out of use are looked for again: it costs a walk through all flows. */
  private nextTunnelSweep = 0;

  constructor(counters: MeterCounters, tunnels: TunnelTable, flows: FlowTable, names: NameSink | undefined) {
    this.counters = counters;
    this.tunnels = tunnels;
    this.flows = flows;
    this.dns = names === undefined ? undefined : new DnsWatch(names);
  }

  /** Reads a packet of the batch into `packet`. False when it belongs to no flow, or was counted with its first fragment. */
  read(batch: PacketBatch, index: number, timeMs: number, faults: Faults): boolean {
    const { packet, counters } = this;
    const original = batch.originalLengths[index]!;
    counters.packets++;
    counters.octets += original;
    const status = parsePacket(batch.view, batch.offsets[index]!, batch.capturedLengths[index]!, original, batch.linkTypes[index]!, packet);
    if (status > PacketStatus.portsMissing) {
      if (status === PacketStatus.nonIp) counters.nonIp++;
      else if (status === PacketStatus.truncated) counters.truncated++;
      else if (status === PacketStatus.malformed) counters.malformed++;
      else counters.unknownLinkType++;
      return false;
    }
    counters.measured++;
    if (packet.sourcePort === DNS_PORT && this.dns !== undefined) {
      counters.dnsAnswers += this.dns.packet(batch.bytes, packet, batch.offsets[index]! + batch.capturedLengths[index]!, timeMs);
    }
    if (packet.tunnelLength === 0) {
      this.tunnel = 0;
      this.tunnelIdentity = 0;
    } else {
      this.resolveTunnel();
    }
    if (status === PacketStatus.portsMissing) counters.portsMissing++;
    this.portsKnown = status === PacketStatus.parsed;
    return this.attributeFragment(timeMs, faults);
  }

  /** The packet's flow runs the other way: so does its tunnel. */
  mirror(): void {
    if (this.tunnel !== 0) this.tunnel = this.tunnels.mirrored(this.tunnel);
  }

  private attributeFragment(timeMs: number, faults: Faults): boolean {
    const { packet, counters, fragments } = this;
    if (packet.fragmentCarried !== 0) {
      counters.fragments++;
      if (!fragments.remember(packet.carrier!, timeMs, true)) faults.add('fragment-limit');
    }
    if (packet.fragmentOffset > 0) {
      counters.fragments++;
      if (!fragments.recall(packet, timeMs)) {
        counters.fragmentsUnattributed++;
        this.portsKnown = false;
        return true;
      }
      return !fragments.carries;
    }
    if (packet.moreFragments !== 0) {
      counters.fragments++;
      if (!fragments.remember(packet, timeMs)) faults.add('fragment-limit');
    }
    return true;
  }

  private resolveTunnel(): void {
    const { tunnels, packet, counters } = this;
    if (tunnels.full && counters.packets >= this.nextTunnelSweep) {
      const used = new Uint8Array(MAX_TUNNELS);
      this.flows.markTunnels(used);
      tunnels.retain(used);
      this.nextTunnelSweep = counters.packets + MAX_TUNNELS;
    }
    this.tunnel = tunnels.resolve(packet);
    this.tunnelIdentity = tunnels.identityOf(this.tunnel);
    counters.tunnelled++;
  }
}
