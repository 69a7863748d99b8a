import { formatAddress } from '../flow/address.js';
import type { Origin } from './contracts.js';
import { readU16, readU32 } from './decoders/bytes.js';
import { formatOf } from './decoders/decoders-table.js';

/** Names a sensor by exporter address (16 bytes) and observation domain. */
export type SensorNamer = (exporter: Uint8Array, domain: number) => string;

/** Observation domains told apart per sender; further ones keep the sender's own name, so that a forged stream of domains costs no memory. */
const MAX_DOMAINS = 256;
/** The same for sFlow agents and their sub-agents: behind one proxy there can be more of them. */
const MAX_AGENTS = 1024;

/** Octets of an sFlow agent's address by its type: unknown, IPv4, IPv6 (sflow_version_5.txt, enum address_type). */
const AGENT_OCTETS: readonly (number | undefined)[] = [0, 4, 16];
const AGENT_AT = 8;
const AGENT_TYPE_AT = 7;

/**
 * Inputs know a payload's sender; claim files tell sensors apart by observation domain too. The function given back finds the origin for both,
 * made once for each sender and domain.
 *
 * sFlow names its agent inside the datagram, and its sequence numbers are the agent's: proxies forward the datagrams of many agents, and a chassis sends
 * those of one agent from several addresses. So the exporter of an sFlow row is the agent. Its sensor is the one declared for the agent's address,
 * else the one declared for the sender's. Who may send is decided by the sender's address before, for the agent's is only what the sender says.
 */
export function createDomainOrigins(sensorOf: SensorNamer): (payload: Uint8Array, sender: Origin) => Origin {
  const bySender = new WeakMap<Origin, Map<number | string, Origin>>();
  return (payload, sender) => {
    let origins = bySender.get(sender);
    if (origins === undefined) {
      origins = new Map();
      bySender.set(sender, origins);
    }
    const key = agentKey(payload) ?? observationDomainOf(payload);
    let origin = origins.get(key);
    if (origin === undefined) {
      if (origins.size >= (typeof key === 'string' ? MAX_AGENTS : MAX_DOMAINS)) return sender;
      origin = typeof key === 'string' ? agentOrigin(payload, sender, sensorOf) : domainOrigin(key, sender, sensorOf);
      origins.set(key, origin);
    }
    origin.receivedMs = sender.receivedMs;
    return origin;
  };
}

function domainOrigin(domain: number, sender: Origin, sensorOf: SensorNamer): Origin {
  return { ...sender, sensor: sensorOf(sender.exporter, domain) };
}

function agentOrigin(payload: Uint8Array, sender: Origin, sensorOf: SensorNamer): Origin {
  const exporter = agentAddress(payload);
  const domain = observationDomainOf(payload);
  const agent = sensorOf(exporter, domain);
  if (agent !== formatAddress(exporter)) return { ...sender, exporter, sensor: agent };
  const named = sensorOf(sender.exporter, domain);
  return { ...sender, exporter, sensor: named === formatAddress(sender.exporter) ? agent : named };
}

/** The octets of an sFlow datagram that tell its agent and sub-agent; undefined for other formats and for agents without address. */
function agentKey(payload: Uint8Array): string | undefined {
  const octets = agentOctets(payload);
  return octets > 0 ? String.fromCharCode(...payload.subarray(AGENT_AT, AGENT_AT + octets + 4)) : undefined;
}

function agentAddress(payload: Uint8Array): Uint8Array {
  const octets = agentOctets(payload);
  const address = new Uint8Array(16);
  address.set(payload.subarray(AGENT_AT, AGENT_AT + octets), 16 - octets);
  if (octets === 4) address.fill(0xff, 10, 12);
  return address;
}

/** −1 when the payload is no sFlow, or too short to say. */
function agentOctets(payload: Uint8Array): number {
  if (payload.length < AGENT_AT || formatOf(payload) !== 'sflow5') return -1;
  const octets = payload[4] === 0 && payload[5] === 0 && payload[6] === 0 ? (AGENT_OCTETS[payload[AGENT_TYPE_AT]!] ?? -1) : -1;
  return payload.length < AGENT_AT + octets + 4 ? -1 : octets;
}

/**
 * The observation domain that a message claims, read before it is decoded: v9 source id (RFC 3954 §5.1, octet 16), IPFIX (RFC 7011 §3.1, octet 12),
 * v5 and v7 engine type and id (octet 20), sFlow sub-agent id (behind the agent's address). 0 for anything else or too short.
 */
export function observationDomainOf(payload: Uint8Array): number {
  const format = formatOf(payload);
  if (format === 'sflow5') {
    const octets = agentOctets(payload);
    return octets < 0 ? 0 : readU32(payload, AGENT_AT + octets);
  }
  if (payload.length < 22) return 0;
  switch (format) {
    case 'netflow9':
      return readU32(payload, 16);
    case 'ipfix':
      return readU32(payload, 12);
    case 'netflow5':
    case 'netflow7':
      return readU16(payload, 20);
    default:
      return 0;
  }
}
