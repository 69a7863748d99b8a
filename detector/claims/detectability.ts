/**
 * The chance of not seeing a transfer (reference: assurance.md §2.3). Random 1:S sampling of N packets misses all with (1 − 1/S)^N; a flow record
 * that was made is lost on its way with probability L. Transfers are taken as one record, the worst case.
 */

/** IP octets of a full TCP segment on Ethernet: 1500 − 20 − 20 − 12 of options. */
export const FULL_PACKET_OCTETS = 1448;

/** Packets of a transfer of so many octets in full packets, at least one. */
export function packetsOf(octets: number): number {
  return Math.max(1, Math.ceil(octets / FULL_PACKET_OCTETS));
}

/** P_miss of one record of `packets` packets at 1:`sampling`, lost with probability `loss` (0–1). */
export function missProbability(packets: number, sampling: number, loss: number): number {
  const unsampled = sampling <= 1 ? 0 : (1 - 1 / sampling) ** packets;
  return unsampled + (1 - unsampled) * loss;
}

/**
 * Octets of the smallest transfer that would be seen with `confidence` (0–1); 0 where a single packet would be; Infinity where losses alone exceed
 * what the confidence allows, so that no size is certain.
 */
export function hideableOctets(sampling: number, loss: number, confidence: number): number {
  const allowed = 1 - confidence;
  if (loss > allowed || loss >= 1) return Number.POSITIVE_INFINITY;
  if (sampling <= 1) return 0;
  const unsampled = (allowed - loss) / (1 - loss);
  if (unsampled <= 0) return Number.POSITIVE_INFINITY;
  return Math.ceil((FULL_PACKET_OCTETS * Math.log(unsampled)) / Math.log(1 - 1 / sampling));
}
