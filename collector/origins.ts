import type { Origin } from './contracts.js';
import { EXPORT_VERSIONS } from './decoders/decoders-table.js';

/** Origins kept at a time; past it the table starts anew. One exporter with a few domains needs a handful. */
const MAX_ORIGINS = 8192;

export interface OriginTable {
  /** The origin of a payload: made once per exporter, port and observation domain, then reused with `receivedMs` set. */
  of(payload: Uint8Array, exporter: Uint8Array, exporterPort: number, receivedMs: number): Origin;
}

/** `sensorOf` names a sensor by exporter address (16 bytes) and observation domain. */
export function createOriginTable(transport: Origin['transport'], sensorOf: (exporter: Uint8Array, domain: number) => string): OriginTable {
  const origins = new Map<string, Origin>();
  return {
    of(payload, exporter, exporterPort, receivedMs) {
      const domain = observationDomainOf(payload);
      const key = `${Buffer.from(exporter.buffer, exporter.byteOffset, 16).toString('latin1')}${exporterPort}/${domain}`;
      let origin = origins.get(key);
      if (origin === undefined) {
        if (origins.size >= MAX_ORIGINS) origins.clear();
        const own = exporter.slice(0, 16);
        origin = { sensor: sensorOf(own, domain), exporter: own, exporterPort, transport, receivedMs };
        origins.set(key, origin);
      }
      origin.receivedMs = receivedMs;
      return origin;
    },
  };
}

/**
 * The observation domain that a message claims, read before it is decoded because sensors can be told apart by it: v9 source id (RFC 3954 §5.1, octet 16),
 * IPFIX (RFC 7011 §3.1, octet 12), v5 engine type and id (octet 20). 0 for anything else or too short.
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
