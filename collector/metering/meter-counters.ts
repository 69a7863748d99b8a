import type { FaultCode, Faults } from '../contracts.js';

/** What a meter has seen so far. packets = measured + nonIp + truncated + malformed + unknownLinkType. */
export interface MeterCounters {
  packets: number;
  /** Octets of all packets on the link. */
  octets: number;
  measured: number;
  nonIp: number;
  truncated: number;
  malformed: number;
  unknownLinkType: number;
  /** Measured packets that came with other headers around them: labels, outer tags, tunnels. */
  tunnelled: number;
  /** Measured packets cut before their ports. */
  portsMissing: number;
  /** Fragments, those of tunnels too: a tunnel's datagram is measured with its first one, by the length that the inner header tells. */
  fragments: number;
  /** Later fragments whose first one was not seen: measured with ports 0. */
  fragmentsUnattributed: number;
  /** Addresses that DNS responses gave for names, where somebody wants to know. */
  dnsAnswers: number;
  records: number;
  /** Flows ended early because the table was full. */
  evicted: number;
  /** Times the packets' clock was set back. */
  clockResets: number;
  /** Times of the first and the last packet, ms since the epoch; NaN before the first. */
  firstPacketMs: number;
  lastPacketMs: number;
}

export function createMeterCounters(): MeterCounters {
  return {
    packets: 0,
    octets: 0,
    measured: 0,
    tunnelled: 0,
    nonIp: 0,
    truncated: 0,
    malformed: 0,
    unknownLinkType: 0,
    portsMissing: 0,
    fragments: 0,
    fragmentsUnattributed: 0,
    dnsAnswers: 0,
    records: 0,
    evicted: 0,
    clockResets: 0,
    firstPacketMs: Number.NaN,
    lastPacketMs: Number.NaN,
  };
}

/** Counts once per batch what went wrong in it. */
export function faultsSince(before: Readonly<MeterCounters>, now: Readonly<MeterCounters>, implausible: number, faults: Faults): void {
  const add = (code: FaultCode, count: number): void => {
    if (count > 0) faults.add(code, count);
  };
  add('packet-truncated', now.truncated - before.truncated + now.portsMissing - before.portsMissing);
  add('packet-malformed', now.malformed - before.malformed);
  add('link-type', now.unknownLinkType - before.unknownLinkType);
  add('flow-table-limit', now.evicted - before.evicted);
  add('time-implausible', implausible + now.clockResets - before.clockResets);
}
