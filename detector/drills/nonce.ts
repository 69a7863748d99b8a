import { createHmac } from 'node:crypto';
import type { DrillPorts } from '../claims/compiled.js';

/** Ports below are for services, and firewalls treat them so. */
const FIRST_PORT = 1024;
const PORTS = 65_536 - FIRST_PORT;

/**
 * Ports of a drill in one time slot (whole number: ms since the epoch divided by the drill's interval): HMAC-SHA256 of claim set, drill and slot, its first
 * four octets as 16 bits each, mapped to 1024–65535. Who does not have the key cannot send a drill, and an old one is none in another slot
 * (reference: assurance.md §2.5).
 */
export function drillPorts(key: Uint8Array, claimsId: string, drill: string, slot: number): DrillPorts {
  const digest = createHmac('sha256', key).update(`${claimsId}|${drill}|${slot}`).digest();
  return { source: FIRST_PORT + (digest.readUInt16BE(0) % PORTS), destination: FIRST_PORT + (digest.readUInt16BE(2) % PORTS) };
}
