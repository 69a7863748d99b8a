import { readU32 } from '../bytes.js';

/** AS numbers that an extended gateway record tells; 0 where it does not. Refilled for every record. */
export interface GatewayNumbers {
  sourceAs: number;
  destinationAs: number;
}

/** Octets of an address by its type (sflow_version_5.txt, enum address_type): unknown, IPv4, IPv6. */
const ADDRESS_OCTETS: readonly (number | undefined)[] = [0, 4, 16];

/** Octets of an address of this type, −1 for a type that there is not. */
export function addressOctets(type: number): number {
  return ADDRESS_OCTETS[type] ?? -1;
}

/*
 * extended_gateway (0:1003), 32 bits each but the next hop:
 *   | next hop: type, address | own AS | source AS | source peer AS | number of path segments |
 *   then each segment of the path to the destination: | type: 1 set, 2 sequence | n | n AS numbers |
 *   then communities and local preference, which no row keeps.
 * A source AS of 0, and a path without segments, mean the gateway's own AS.
 */

/** Reads the record between `at` and `end`. False when it does not fit: then nothing of it is believed. */
export function readGateway(bytes: Uint8Array, at: number, end: number, into: GatewayNumbers): boolean {
  if (end - at < 4) return false;
  const nextHop = addressOctets(readU32(bytes, at));
  let segment = at + 4 + nextHop + 16;
  if (nextHop < 0 || segment > end) return false;
  const ownAs = readU32(bytes, segment - 16);
  const sourceAs = readU32(bytes, segment - 12);
  const segments = readU32(bytes, segment - 4);
  let lastAs = 0;
  for (let i = 0; i < segments; i++) {
    if (end - segment < 8) return false;
    const numbers = readU32(bytes, segment + 4);
    segment += 8;
    if (numbers > (end - segment) >>> 2) return false;
    segment += numbers * 4;
    if (numbers > 0) lastAs = readU32(bytes, segment - 4);
  }
  into.sourceAs = sourceAs === 0 ? ownAs : sourceAs;
  into.destinationAs = lastAs === 0 ? ownAs : lastAs;
  return true;
}
