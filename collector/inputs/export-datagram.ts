/** Largest UDP payload, and so the longest a datagram in a file can be. */
export const MAX_DATAGRAM_OCTETS = 65_535;

/** UDP ports that exporters send to: IANA's 2055 and 4739 (IPFIX), and what vendors document. */
export const EXPORT_PORTS: ReadonlySet<number> = new Set([2055, 2056, 4432, 4739, 9555, 9985, 9995, 9996]);

const V5_HEADER = 24;
const V5_RECORD = 48;
/** Cisco's exporters put at most 30 records into a v5 datagram. */
const V5_MAX_RECORDS = 30;
const V9_HEADER = 20;
const IPFIX_HEADER = 16;
/** How far the export times of neighbours in one file may lie apart and still be one recording. */
const NEIGHBOUR_SECONDS = 30 * 86_400;

/*
 * The first octets of an export datagram:
 *   v5     | version 5, 16  | count, 16  | uptime, 32 | seconds, 32 | nanoseconds, 32 | sequence, 32 | engine, 16 | sampling, 16 |   + 48 a record
 *   v9     | version 9, 16  | count, 16  | uptime, 32 | seconds, 32 | sequence, 32 | source id, 32 |          RFC 3954 §5.1
 *   IPFIX  | version 10, 16 | length, 16 | export time, 32 | sequence, 32 | observation domain, 32 |              RFC 7011 §3.1
 * v9 and IPFIX go on with sets:  | set id, 16 | length, 16 | …
 */

/** The version (5, 9 or 10) of the export datagram that `bytes` begin with, 0 when they do not look like one. */
export function exportVersion(bytes: Uint8Array): number {
  if (bytes.length < 4) return 0;
  const version = u16(bytes, 0);
  const second = u16(bytes, 2);
  switch (version) {
    case 5:
      // A count that cannot be true does not hide a datagram of whole records.
      if (bytes.length < V5_HEADER + V5_RECORD) return 0;
      return (second >= 1 && second <= V5_MAX_RECORDS) || (bytes.length - V5_HEADER) % V5_RECORD === 0 ? 5 : 0;
    case 9:
      return second >= 1 && isSet(bytes, V9_HEADER, 0, 1) ? 9 : 0;
    case 10:
      if (bytes.length < IPFIX_HEADER || second < IPFIX_HEADER) return 0;
      return second === IPFIX_HEADER || isSet(bytes, IPFIX_HEADER, 2, 3) ? 10 : 0;
    default:
      return 0;
  }
}

/**
 * How long the datagram at the beginning of `bytes` is, where several may follow each other without a frame. v5 tells by its count, IPFIX
 * by its length; v9 has neither, so its sets are stepped through until another header stands where a set should. The rest when unclear.
 */
export function datagramLength(bytes: Uint8Array): number {
  const most = Math.min(bytes.length, MAX_DATAGRAM_OCTETS);
  if (bytes.length < 4) return most;
  const second = u16(bytes, 2);
  switch (u16(bytes, 0)) {
    case 5:
      return Math.min(most, V5_HEADER + Math.max(1, second) * V5_RECORD);
    case 10:
      return second < IPFIX_HEADER ? most : Math.min(most, second);
    case 9:
      return v9Length(bytes, most);
    default:
      return most;
  }
}

function v9Length(bytes: Uint8Array, most: number): number {
  let at = V9_HEADER;
  while (at + 4 <= most) {
    if (at > V9_HEADER && isNeighbour(bytes, at)) return at;
    const length = u16(bytes, at + 2);
    // Id 0 with length 0 is padding, 2 to 255 are reserved (RFC 3954 §5.2): past that nothing can be told.
    if (length < 4 || at + length > most) return nextHeader(bytes, at, most);
    at += length;
  }
  return most;
}

/** Behind sets that cannot be followed, zero padding for one: the next place at which a header stands, on a boundary of four octets. */
function nextHeader(bytes: Uint8Array, from: number, most: number): number {
  for (let at = from + 4; at + IPFIX_HEADER <= most; at += 4) if (isNeighbour(bytes, at)) return at;
  return most;
}

/** True when another export header of about the same time as the first, a v9 one, stands at `at`. */
function isNeighbour(bytes: Uint8Array, at: number): boolean {
  const version = exportVersion(bytes.subarray(at, at + MAX_DATAGRAM_OCTETS));
  if (version === 0) return false;
  const seconds = u32(bytes, at + (version === 10 ? 4 : 8));
  return Math.abs(seconds - u32(bytes, 8)) <= NEIGHBOUR_SECONDS;
}

/** A set header at `at` whose id is one of the two template ids or that of data (256 and above), and whose length is possible. */
function isSet(bytes: Uint8Array, at: number, template: number, optionsTemplate: number): boolean {
  if (at + 4 > bytes.length) return false;
  const id = u16(bytes, at);
  return (id === template || id === optionsTemplate || id >= 256) && u16(bytes, at + 2) >= 4;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 65_536 + u16(bytes, at + 2);
}
