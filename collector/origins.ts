import type { Origin } from './contracts.js';
import { EXPORT_VERSIONS } from './decoders/decoders-table.js';

/** Names a sensor by exporter address (16 bytes) and observation domain. */
export type SensorNamer = (exporter: Uint8Array, domain: number) => string;

/** Observation domains told apart per exporter; further ones keep the exporter's own name, so that a forged stream of domains costs no memory. */
const MAX_DOMAINS = 256;

/**
 * Inputs know a payload's sender; claim files tell sensors apart by observation domain too. The function given back finds the origin for both,
 * made once for each exporter and domain.
 */
export function createDomainOrigins(sensorOf: SensorNamer): (payload: Uint8Array, sender: Origin) => Origin {
  const bySender = new WeakMap<Origin, Map<number, Origin>>();
  return (payload, sender) => {
    let domains = bySender.get(sender);
    if (domains === undefined) {
      domains = new Map();
      bySender.set(sender, domains);
    }
    const domain = observationDomainOf(payload);
    let origin = domains.get(domain);
    if (origin === undefined) {
      if (domains.size >= MAX_DOMAINS) return sender;
      origin = { ...sender, sensor: sensorOf(sender.exporter, domain) };
      domains.set(domain, origin);
    }
    origin.receivedMs = sender.receivedMs;
    return origin;
  };
}

/**
 * The observation domain that a message claims, read before it is decoded: v9 source id (RFC 3954 §5.1, octet 16), IPFIX (RFC 7011 §3.1, octet 12),
 * v5 engine type and id (octet 20). 0 for anything else or too short.
 */
export function observationDomainOf(payload: Uint8Array): number {
  if (payload.length < 22) return 0;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  switch (view.getUint16(0)) {
    case EXPORT_VERSIONS.netflow9:
      return view.getUint32(16);
    case EXPORT_VERSIONS.ipfix:
      return view.getUint32(12);
    case EXPORT_VERSIONS.netflow5:
      return view.getUint16(20);
    default:
      return 0;
  }
}
