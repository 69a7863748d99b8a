import { formatAddress } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import { ELEMENT_HEADER_OCTETS, Element, FLAG_SAMPLED, FLOW_HEADER_OCTETS, MAX_ELEMENT_ID } from './layout.js';
import type { Samplers } from './samplers.js';

const ICMP = 1;
const ICMP6 = 58;
const IPFIX = 10;
/** The year 2286. */
const MAX_TIME_MS = 1e13;
/** Protocols around a packet that are tunnels, by IP protocol number. */
const TUNNELS = new Map([
  [4, 'ipip'],
  [41, '6in4'],
  [47, 'gre'],
]);

export interface FlowRecordReader {
  /** Times that could be none since this was asked last. */
  takeImplausible(): number;
  /**
   * Reads the flow record at `at`, whose `size` octets are within `view`, into the row, which is zeroed. False when it holds no flow or its elements do not
   * fit; the row is then to be thrown away.
   */
  read(view: DataView, at: number, size: number, into: FlowBatch, row: number): boolean;
}

/**
 * Flow records of layout 2: a header, then elements in any order.
 *
 *   │ type 11 │ size │ elements │ engine type, id │ exporter │ flags │ NetFlow version │ element: id, octets, … │ …
 */
export function createFlowRecordReader(littleEndian: boolean, samplers: Samplers): FlowRecordReader {
  const le = littleEndian;
  /** Where each element begins, behind its header; 0 absent. */
  const places = new Uint32Array(MAX_ELEMENT_ID + 1);
  const text = new Uint8Array(16);
  let implausible = 0;

  /** Finds the elements. */
  function split(view: DataView, at: number, size: number): boolean {
    places.fill(0);
    const end = at + size;
    let next = at + FLOW_HEADER_OCTETS;
    for (let left = view.getUint16(at + 4, le); left > 0; left--) {
      if (end - next < ELEMENT_HEADER_OCTETS) return false;
      const id = view.getUint16(next, le);
      const octets = view.getUint16(next + 2, le);
      if (octets < ELEMENT_HEADER_OCTETS || octets > end - next) return false;
      if (id <= MAX_ELEMENT_ID) {
        if (octets < LEAST_OCTETS[id]!) return false;
        places[id] = next + ELEMENT_HEADER_OCTETS;
      }
      next += octets;
    }
    return true;
  }

  const u64 = (view: DataView, at: number): number => {
    const first = view.getUint32(at, le);
    const second = view.getUint32(at + 4, le);
    return le ? second * 2 ** 32 + first : first * 2 ** 32 + second;
  };

  /** A time in ms; 0, as if it were not told, where it cannot be one. */
  const timeAt = (view: DataView, at: number): number => {
    const ms = u64(view, at);
    if (ms < MAX_TIME_MS) return ms;
    implausible++;
    return 0;
  };

  /** IPv4 as a number of the machine's. */
  const ipv4 = (view: DataView, at: number, into: Uint8Array, to: number): void => {
    const address = view.getUint32(at, le);
    into[to + 10] = 0xff;
    into[to + 11] = 0xff;
    into[to + 12] = address >>> 24;
    into[to + 13] = address >>> 16;
    into[to + 14] = address >>> 8;
    into[to + 15] = address;
  };
  /** IPv6 as two numbers of the machine's. */
  const ipv6 = (view: DataView, at: number, into: Uint8Array, to: number): void => {
    for (let i = 0; i < 16; i++) into[to + i] = view.getUint8(at + (le ? (i & 8) | (7 - (i & 7)) : i));
  };
  const addressText = (read: typeof ipv4, view: DataView, at: number): string => {
    text.fill(0);
    read(view, at, text, 0);
    return formatAddress(text);
  };

  function flow(view: DataView, at: number, { columns }: FlowBatch, row: number): void {
    const protocol = view.getUint8(at + 44);
    const isIcmp = protocol === ICMP || protocol === ICMP6;
    const first = timeAt(view, at);
    const last = timeAt(view, at + 8);
    const received = timeAt(view, at + 16);
    const event = places[Element.nsel.id] || places[Element.nat.id];
    // nfcapd writes 0 where an exporter's record told no times, or zeros; events have one time of their own.
    const eventMs = event ? timeAt(view, event) : 0;
    const time = eventMs > 0 ? eventMs : received;
    columns.flowStartMilliseconds[row] = first || last || time;
    columns.flowEndMilliseconds[row] = last || first || time;
    columns.exportTimeMilliseconds[row] = received > 0 ? received : columns.flowEndMilliseconds[row]!;
    columns.packetDeltaCount[row] = u64(view, at + 24);
    columns.octetDeltaCount[row] = u64(view, at + 32);
    columns.sourceTransportPort[row] = isIcmp ? 0 : view.getUint16(at + 40, le);
    columns.destinationTransportPort[row] = isIcmp ? 0 : view.getUint16(at + 42, le);
    columns.icmpTypeCode[row] = isIcmp ? view.getUint16(at + 42, le) : 0;
    columns.protocolIdentifier[row] = protocol;
    columns.tcpControlBits[row] = view.getUint8(at + 45);
    columns.ipClassOfService[row] = view.getUint8(at + 47);
  }

  function addresses(view: DataView, { columns }: FlowBatch, row: number): boolean {
    const four = places[Element.ipv4.id]!;
    const six = places[Element.ipv6.id]!;
    if (four === 0 && six === 0) return false;
    // Templates of some exporters have both families: the one that is not zero is meant.
    const isFour = six === 0 || (four > 0 && (view.getUint32(four) | view.getUint32(four + 4)) !== 0);
    const read = isFour ? ipv4 : ipv6;
    read(view, isFour ? four : six, columns.sourceIPv6Address.bytes, row * 16);
    read(view, isFour ? four + 4 : six + 16, columns.destinationIPv6Address.bytes, row * 16);
    return true;
  }

  /** What most exporters tell besides: interfaces, counters of the other direction, AS numbers, VLAN, MAC addresses. */
  function details(view: DataView, at: number, { columns }: FlowBatch, row: number): void {
    const misc = places[Element.misc.id]!;
    if (misc > 0) {
      columns.ingressInterface[row] = view.getUint32(misc, le);
      columns.egressInterface[row] = view.getUint32(misc + 4, le);
      // Older files end before flowEndReason.
      if (view.getUint16(misc - 2, le) >= 20) columns.flowEndReason[row] = view.getUint8(misc + 13);
    }
    const out = places[Element.outCounters.id]!;
    // Of NetFlow v9 these may be the counters behind the router (elements 23 and 24), which are no other direction. NSEL and IPFIX mean the answer.
    if (out > 0 && (view.getUint8(at + 11) === IPFIX || places[Element.nsel.id]! > 0)) {
      columns.reversePacketDeltaCount[row] = u64(view, out + 8);
      columns.reverseOctetDeltaCount[row] = u64(view, out + 16);
      columns.biflow[row] = 1;
    }
    const as = places[Element.as.id]!;
    if (as > 0) {
      columns.bgpSourceAsNumber[row] = view.getUint32(as, le);
      columns.bgpDestinationAsNumber[row] = view.getUint32(as + 4, le);
    }
    const vlan = places[Element.vlan.id]!;
    if (vlan > 0) columns.vlanId[row] = view.getUint32(vlan, le);
    const mac = places[Element.mac.id]!;
    if (mac > 0) {
      columns.sourceMacAddress[row] = u64(view, mac) || u64(view, mac + 24);
      columns.destinationMacAddress[row] = u64(view, mac + 16) || u64(view, mac + 8);
    }
  }

  /** Translations and firewall events. */
  function events(view: DataView, { columns }: FlowBatch, row: number): void {
    const nsel = places[Element.nsel.id]!;
    if (nsel > 0) columns.firewallEvent[row] = view.getUint8(nsel + 14);
    const nat = places[Element.nat.id]!;
    if (nat > 0) columns.natEvent[row] = view.getUint8(nat + 12);
    const four = places[Element.xlateIPv4.id]!;
    const six = places[Element.xlateIPv6.id]!;
    if (four > 0 || six > 0) {
      const read = four > 0 ? ipv4 : ipv6;
      read(view, four || six, columns.postNATSourceIPv6Address.bytes, row * 16);
      read(view, (four || six) + (four > 0 ? 4 : 16), columns.postNATDestinationIPv6Address.bytes, row * 16);
    }
    const ports = places[Element.xlatePorts.id]!;
    if (ports > 0) {
      columns.postNAPTSourceTransportPort[row] = view.getUint16(ports, le);
      columns.postNAPTDestinationTransportPort[row] = view.getUint16(ports + 2, le);
    }
    const vrf = places[Element.vrf.id]!;
    const vrfId = vrf > 0 ? view.getUint32(vrf + 4, le) || view.getUint32(vrf, le) : 0;
    if (vrfId > 0) columns.vrfName.codes[row] = columns.vrfName.dictionary.intern(String(vrfId));
  }

  /** Headers around the packets, in the words of the column `tunnel`. */
  function tunnels(view: DataView, { columns }: FlowBatch, row: number): void {
    const headers: string[] = [];
    const layer2 = places[Element.layer2.id]!;
    if (layer2 > 0) {
      const outer = view.getUint16(layer2, le);
      const inner = view.getUint16(layer2 + 2, le);
      if (columns.vlanId[row] === 0) columns.vlanId[row] = inner || outer;
      if (outer > 0 && inner > 0) headers.push(`vlan ${outer}`);
    }
    const mpls = places[Element.mpls.id]!;
    for (let i = 0; mpls > 0 && i < 10; i++) {
      // 20 bits label, 3 class, 1 the last (RFC 3032 §2.1 without its time to live).
      const label = view.getUint32(mpls + i * 4, le) & 0xff_ffff;
      if (label === 0) break;
      headers.push(`mpls ${label >>> 4}`);
      if ((label & 1) !== 0) break;
    }
    const four = places[Element.tunnelIPv4.id]!;
    const six = places[Element.tunnelIPv6.id]!;
    if (four > 0 || six > 0) {
      const at = four || six;
      const width = four > 0 ? 4 : 16;
      const read = four > 0 ? ipv4 : ipv6;
      const kind = TUNNELS.get(view.getUint32(at + 2 * width, le));
      if (kind !== undefined) headers.push(`${kind} ${addressText(read, view, at)}>${addressText(read, view, at + width)}`);
    }
    if (headers.length > 0) columns.tunnel.codes[row] = columns.tunnel.dictionary.intern(headers.join('/'));
  }

  /** nfcapd has multiplied the counters of a sampled record: they are divided again where its interval is known and divides them. */
  function sampling(view: DataView, at: number, { columns }: FlowBatch, row: number): void {
    if ((view.getUint8(at + 10) & FLAG_SAMPLED) === 0) return;
    const place = places[Element.sampler.id]!;
    const samplerId = place > 0 ? u64(view, place) : undefined;
    const interval = samplers.intervalOf(view.getUint16(at + 8, le), samplerId);
    if (interval === 0) return;
    const { packetDeltaCount, octetDeltaCount, reversePacketDeltaCount, reverseOctetDeltaCount } = columns;
    const counters = [packetDeltaCount, octetDeltaCount, reversePacketDeltaCount, reverseOctetDeltaCount];
    if (!counters.every((counter) => counter[row]! % interval === 0)) return;
    for (const counter of counters) counter[row] = counter[row]! / interval;
    columns.samplingInterval[row] = interval;
  }

  return {
    takeImplausible() {
      const count = implausible;
      implausible = 0;
      return count;
    },
    read(view, at, size, into, row) {
      if (!split(view, at, size)) return false;
      const generic = places[Element.genericFlow.id]!;
      if (generic === 0 || !addresses(view, into, row)) return false;
      flow(view, generic, into, row);
      details(view, at, into, row);
      events(view, into, row);
      tunnels(view, into, row);
      sampling(view, at, into, row);
      return true;
    },
  };
}

/** By element id, 0 for those that are not read. */
const LEAST_OCTETS = leastOctets();

function leastOctets(): Uint8Array {
  const table = new Uint8Array(MAX_ELEMENT_ID + 1);
  for (const { id, octets } of Object.values(Element)) table[id] = octets;
  return table;
}
