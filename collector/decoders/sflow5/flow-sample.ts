import { PacketHeaders, PacketStatus } from '../../packets/packet.js';
import { readU32 } from '../bytes.js';
import { type GatewayNumbers, readGateway } from './gateway.js';
import { padded } from './padding.js';
import { applyExtensions, clearSampleExtensions, createSampleExtensions, Extension, noteExtension } from './sample-extensions.js';
import { readSampledEthernet, readSampledHeader, readSampledIp } from './sampled-packet.js';

/** Formats of flow data that are read, all of enterprise 0 (sflow.org); others are skipped by their length. */
const FlowData = { header: 1, ethernet: 2, ipv4: 3, ipv6: 4, extendedSwitch: 1001, extendedGateway: 1003 } as const;

const COMPACT_HEADER = 32;
const EXPANDED_HEADER = 44;
const DISCARDED_HEADER = 32;
/** IEEE 802.1Q keeps 4095 to itself; agents also send 0 or all ones where there is no VLAN. */
const MAX_VLAN = 4094;

/** Interface formats: 0 an ifIndex, 1 discarded with a reason, 2 several interfaces. Only the first is an interface. */
const IFINDEX_FORMAT = 0;
/** "Originating or terminating in the device": no interface either. */
const COMPACT_INTERNAL = 0x3fff_ffff;
const EXPANDED_INTERNAL = 0xffff_ffff;

/** What became of a flow sample. */
export const SampleStatus = {
  /** `packet` and the rest are filled. */
  parsed: 0,
  /** Read, and the frame is not IP (ARP, spanning tree …). */
  nonIp: 1,
  /** A header protocol or link type that is not read, a header cut before its addresses, headers that contradict themselves, or no packet at all. */
  linkType: 2,
  truncated: 3,
  packetMalformed: 4,
  noPacket: 5,
  /** The sample's own structure does not fit its length. */
  malformed: 6,
} as const;

/*
 * flow_sample (0:1), 32 bits each:
 *   | sequence | source: class 8, index 24 | rate | pool | drops | input: format 2, value 30 | output | number of records |
 * flow_sample_expanded (0:3), for interface numbers that need more bits:
 *   | sequence | class | index | rate | pool | drops | input format | value | output format | value | number of records |
 * discarded_packet (0:5), sflow_drops.txt; its interfaces are plain numbers, 0 for none:
 *   | sequence | class | index | drops | input | output | reason | number of records |
 * then records:  | format: enterprise 20, format 12 | length | content, padded to four octets |
 */

/**
 * Reasons (sflow_drops.txt) by which a rule said no, and not a queue, a route or a fault: communication with the network, the host or at all
 * administratively prohibited, and an access list.
 */
const DENIED: ReadonlySet<number> = new Set([9, 10, 13, 258]);

/** Reads one flow sample at a time into itself; made once per decoder. */
export class FlowSample {
  readonly packet = new PacketHeaders();
  sourceClass = 0;
  sourceIndex = 0;
  sequence = 0;
  rate = 0;
  pool = 0;
  drops = 0;
  ingress = 0;
  egress = 0;
  vlan = 0;
  /** True for a discarded packet, and then whether a rule discarded it. */
  discarded = false;
  denied = false;
  /** What records of rarer kinds told; only where `extended`. */
  readonly extensions = createSampleExtensions();
  extended = false;
  readonly gateway: GatewayNumbers = { sourceAs: 0, destinationAs: 0 };
  /** True when the records did not fit the sample; the packet may have been read nevertheless. */
  recordsBroken = false;
  /** Where the first record of each kind starts and ends; 0 for none. */
  private header = 0;
  private headerEnd = 0;
  private ethernet = 0;
  private ethernetEnd = 0;
  private ip = 0;
  private ipEnd = 0;
  private ipVersion: 4 | 6 = 4;

  /** Reads source, sequence and counters. False when the sample is too short even for them. */
  readHeader(view: DataView, at: number, end: number, expanded: boolean): boolean {
    if (end - at < (expanded ? EXPANDED_HEADER : COMPACT_HEADER)) return false;
    this.discarded = false;
    this.sequence = view.getUint32(at);
    if (expanded) {
      this.sourceClass = view.getUint32(at + 4);
      this.sourceIndex = view.getUint32(at + 8);
      this.ingress = expandedInterface(view, at + 24);
      this.egress = expandedInterface(view, at + 32);
    } else {
      const source = view.getUint32(at + 4);
      this.sourceClass = source >>> 24;
      this.sourceIndex = source & 0xff_ffff;
      this.ingress = compactInterface(view.getUint32(at + 20));
      this.egress = compactInterface(view.getUint32(at + 24));
    }
    const counters = at + (expanded ? 12 : 8);
    this.rate = view.getUint32(counters);
    this.pool = view.getUint32(counters + 4);
    this.drops = view.getUint32(counters + 8);
    return true;
  }

  /** Reads the header of a discarded packet. False when it is too short. */
  readDiscardHeader(view: DataView, at: number, end: number): boolean {
    if (end - at < DISCARDED_HEADER) return false;
    this.discarded = true;
    this.denied = DENIED.has(view.getUint32(at + 24));
    this.ingress = view.getUint32(at + 16);
    this.egress = view.getUint32(at + 20);
    // Every one is told, but for those that `drops` counts.
    this.rate = 1;
    return true;
  }

  /** Reads the records of the sample whose header was read. Answers a SampleStatus. */
  readRecords(bytes: Uint8Array, view: DataView, start: number, end: number, expanded: boolean): number {
    const headerEnd = start + (this.discarded ? DISCARDED_HEADER : expanded ? EXPANDED_HEADER : COMPACT_HEADER);
    this.walkRecords(bytes, view, headerEnd, end, view.getUint32(headerEnd - 4));
    const status = this.readPacket(bytes, view);
    if (status !== PacketStatus.parsed && status !== PacketStatus.portsMissing) return failure(status, this.recordsBroken);
    if (this.extended) applyExtensions(bytes, this.extensions, this.packet);
    if (this.packet.vlanId === 0) this.packet.vlanId = this.vlan;
    return SampleStatus.parsed;
  }

  private walkRecords(bytes: Uint8Array, view: DataView, from: number, end: number, count: number): void {
    this.recordsBroken = false;
    this.header = 0;
    this.ethernet = 0;
    this.ip = 0;
    this.vlan = 0;
    this.extended = false;
    this.gateway.sourceAs = 0;
    this.gateway.destinationAs = 0;
    let at = from;
    // The count is the agent's word; each round takes eight octets at least.
    for (let i = 0; i < count; i++) {
      const content = at + 8;
      if (content > end || view.getUint32(at + 4) > end - content) {
        this.recordsBroken = true;
        return;
      }
      const length = view.getUint32(at + 4);
      this.noteRecord(bytes, view.getUint32(at), content, content + length);
      at = Math.min(end, content + padded(length));
    }
  }

  private noteRecord(bytes: Uint8Array, format: number, at: number, end: number): void {
    switch (format) {
      case FlowData.header:
        if (this.header !== 0) return;
        this.header = at;
        this.headerEnd = end;
        return;
      case FlowData.ethernet:
        this.ethernet = at;
        this.ethernetEnd = end;
        return;
      case FlowData.ipv4:
      case FlowData.ipv6:
        if (this.ip !== 0) return;
        this.ip = at;
        this.ipEnd = end;
        this.ipVersion = format === FlowData.ipv4 ? 4 : 6;
        return;
      case FlowData.extendedSwitch:
        if (end - at < 16) this.recordsBroken = true;
        else this.vlan = knownVlan(readU32(bytes, at));
        return;
      case FlowData.extendedGateway:
        if (!readGateway(bytes, at, end, this.gateway)) this.recordsBroken = true;
        return;
      default:
        if (format < Extension.mpls || format > Extension.vniIngress) return;
        if (!this.extended) clearSampleExtensions(this.extensions);
        if (noteExtension(bytes, format, at, end, this.extensions)) this.extended = true;
    }
  }

  /** The raw header is the packet itself; what the agent made of it comes second. Answers a PacketStatus, −1 for no packet. */
  private readPacket(bytes: Uint8Array, view: DataView): number {
    const { packet } = this;
    let status = -1;
    if (this.header !== 0) {
      status = readSampledHeader(view, this.header, this.headerEnd, packet);
      if (status === PacketStatus.parsed || status === PacketStatus.portsMissing || this.ip === 0) return status;
    }
    packet.tunnelLength = 0;
    packet.vlanId = 0;
    packet.sourceMacHigh = 0;
    packet.sourceMacLow = 0;
    packet.destinationMacHigh = 0;
    packet.destinationMacLow = 0;
    const etherType = this.ethernet === 0 ? 0 : readSampledEthernet(bytes, this.ethernet, this.ethernetEnd, packet);
    if (etherType < 0) this.recordsBroken = true;
    if (this.ip !== 0) return readSampledIp(bytes, this.ip, this.ipEnd, this.ipVersion, packet);
    if (etherType < 0) return PacketStatus.malformed;
    return isOtherThanIp(etherType) ? PacketStatus.nonIp : status;
  }
}

function failure(status: number, recordsBroken: boolean): number {
  switch (status) {
    case PacketStatus.nonIp:
      return SampleStatus.nonIp;
    case PacketStatus.linkType:
      return SampleStatus.linkType;
    case PacketStatus.truncated:
      return SampleStatus.truncated;
    case PacketStatus.malformed:
      return SampleStatus.packetMalformed;
    default:
      return recordsBroken ? SampleStatus.malformed : SampleStatus.noPacket;
  }
}

function compactInterface(word: number): number {
  const value = word & 0x3fff_ffff;
  return word >>> 30 === IFINDEX_FORMAT && value !== COMPACT_INTERNAL ? value : 0;
}

function expandedInterface(view: DataView, at: number): number {
  const value = view.getUint32(at + 4);
  return view.getUint32(at) === IFINDEX_FORMAT && value !== EXPANDED_INTERNAL ? value : 0;
}

function knownVlan(vlan: number): number {
  return vlan <= MAX_VLAN ? vlan : 0;
}

/** An EtherType that certainly carries no IP: tags, MPLS and PPPoE may. */
function isOtherThanIp(etherType: number): boolean {
  return (
    etherType === 0x0806 || etherType === 0x8035 || etherType === 0x88cc || etherType === 0x8809 || (etherType > 0 && etherType < 1536)
  );
}
