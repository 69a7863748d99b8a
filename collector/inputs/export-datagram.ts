/** Largest UDP payload, and so the longest a datagram in a file can be. */
export const MAX_DATAGRAM_OCTETS = 65_535;

/** UDP ports that exporters send to: IANA's 2055, 4739 (IPFIX) and 6343 (sFlow), and what vendors document. */
export const EXPORT_PORTS: ReadonlySet<number> = new Set([2055, 2056, 4432, 4739, 6343, 9555, 9985, 9995, 9996]);

/** Header and record octets of the versions of fixed records, and how many records Cisco's exporters put into a datagram at most. */
const FIXED_RECORDS: ReadonlyMap<number, { readonly header: number; readonly record: number; readonly most: number }> = new Map([
  [1, { header: 16, record: 48, most: 24 }],
  [5, { header: 24, record: 48, most: 30 }],
  [7, { header: 24, record: 52, most: 28 }],
]);
/** Records of v1 as some manuals have them, see decoders/netflow1. */
const V1_LONG_RECORD = 52;
const V9_HEADER = 20;
const IPFIX_HEADER = 16;
/** Without the agent's address. */
const SFLOW_HEADER = 24;
const SFLOW_AGENT_OCTETS: readonly (number | undefined)[] = [0, 4, 16];
/** How far the export times of neighbours in one file may lie apart and still be one recording. */
const NEIGHBOUR_SECONDS = 30 * 86_400;
/** No exporter's clock was set before NetFlow was made: 1996. */
const EARLIEST_SECONDS = 820_454_400;

/*
 * The first octets of an export datagram:
 *   v1     | version 1, 16  | count, 16  | uptime, 32 | seconds, 32 | nanoseconds, 32 |                                    + 48 (52) a record
 *   v5     | version 5, 16  | count, 16  | uptime, 32 | seconds, 32 | nanoseconds, 32 | sequence, 32 | engine, 16 | sampling, 16 |   + 48 a record
 *   v7     | version 7, 16  | as v5                                                                                    + 52 a record
 *   v9     | version 9, 16  | count, 16  | uptime, 32 | seconds, 32 | sequence, 32 | source id, 32 |          RFC 3954 §5.1
 *   IPFIX  | version 10, 16 | length, 16 | export time, 32 | sequence, 32 | observation domain, 32 |              RFC 7011 §3.1
 *   sFlow  | version 5, 32  | address type, 32 | agent, 0, 4, 16 | sub-agent, 32 | sequence, 32 | uptime, 32 | samples, 32 |
 * v9 and IPFIX go on with sets:  | set id, 16 | length, 16 | …     sFlow with samples:  | format, 32 | length, 32 | …
 */

export type DatagramFormat = 'netflow1' | 'netflow5' | 'netflow7' | 'netflow9' | 'ipfix' | 'sflow5';

const VERSIONS: ReadonlyMap<number, DatagramFormat> = new Map([
  [1, 'netflow1'],
  [5, 'netflow5'],
  [7, 'netflow7'],
  [9, 'netflow9'],
  [10, 'ipfix'],
]);

/** The format whose version stands at the beginning of `bytes`, whatever follows. sFlow's has 32 bits. */
export function claimedFormat(bytes: Uint8Array): DatagramFormat | undefined {
  if (bytes.length < 2) return undefined;
  const version = u16(bytes, 0);
  if (version === 0) return bytes.length >= 4 && u16(bytes, 2) === 5 ? 'sflow5' : undefined;
  return VERSIONS.get(version);
}

/** The format of the export datagram that `bytes` begin with, undefined when they do not look like one. */
export function exportFormat(bytes: Uint8Array): DatagramFormat | undefined {
  const format = claimedFormat(bytes);
  return format !== undefined && looksLike(format, bytes) ? format : undefined;
}

function looksLike(format: DatagramFormat, bytes: Uint8Array): boolean {
  switch (format) {
    case 'netflow1':
    case 'netflow5':
    case 'netflow7':
      return isFixedRecords(bytes, u16(bytes, 0));
    case 'netflow9':
      return bytes.length >= 4 && u16(bytes, 2) >= 1 && isSet(bytes, V9_HEADER, 0, 1);
    case 'ipfix': {
      if (bytes.length < IPFIX_HEADER) return false;
      const length = u16(bytes, 2);
      return length === IPFIX_HEADER || (length > IPFIX_HEADER && isSet(bytes, IPFIX_HEADER, 2, 3));
    }
    case 'sflow5':
      return isSflow(bytes);
  }
}

/** 1 and 7 are common first words of other protocols, so that their whole header must make sense. */
function isFixedRecords(bytes: Uint8Array, version: number): boolean {
  const { header, record, most } = FIXED_RECORDS.get(version)!;
  if (bytes.length < header + record) return false;
  const count = u16(bytes, 2);
  // A count that cannot be true does not hide a datagram of whole records.
  if (version === 5) return (count >= 1 && count <= most) || (bytes.length - header) % record === 0;
  if (count < 1 || count > most || bytes.length < header + count * record) return false;
  return u32(bytes, 8) >= EARLIEST_SECONDS && u32(bytes, 12) < 1_000_000_000;
}

/** The first sample must fit, and be of a format of sflow.org or of a vendor. A datagram without samples is its header. */
function isSflow(bytes: Uint8Array): boolean {
  const samples = sflowSamplesAt(bytes);
  if (samples < 0) return false;
  if (u32(bytes, samples - 4) === 0) return true;
  return samples + 8 <= bytes.length && u32(bytes, samples) !== 0 && u32(bytes, samples + 4) <= MAX_DATAGRAM_OCTETS;
}

/** Where the samples of an sFlow datagram start, −1 when its header is cut or its agent's address of an unknown type. */
function sflowSamplesAt(bytes: Uint8Array): number {
  if (bytes.length < SFLOW_HEADER) return -1;
  const octets = SFLOW_AGENT_OCTETS[u32(bytes, 4)];
  return octets === undefined || bytes.length < SFLOW_HEADER + octets ? -1 : SFLOW_HEADER + octets;
}

/**
 * How long the datagram at the beginning of `bytes` is, where several may follow each other without a frame. v1, v5 and v7 tell by their count, IPFIX
 * by its length, sFlow by the lengths of its samples; v9 has neither, so its sets are stepped through until another header stands where a set
 * should. The rest when unclear.
 */
export function datagramLength(bytes: Uint8Array): number {
  const most = Math.min(bytes.length, MAX_DATAGRAM_OCTETS);
  if (bytes.length < 4) return most;
  const second = u16(bytes, 2);
  switch (claimedFormat(bytes)) {
    case 'netflow1':
      return Math.min(most, v1Length(bytes, Math.max(1, second)));
    case 'netflow5':
    case 'netflow7': {
      const { header, record } = FIXED_RECORDS.get(u16(bytes, 0))!;
      return Math.min(most, header + Math.max(1, second) * record);
    }
    case 'ipfix':
      return second < IPFIX_HEADER ? most : Math.min(most, second);
    case 'netflow9':
      return v9Length(bytes, most);
    case 'sflow5':
      return sflowLength(bytes, most);
    default:
      return most;
  }
}

/** Long records only where nothing but another header, or nothing at all, follows them. */
function v1Length(bytes: Uint8Array, count: number): number {
  const { header, record } = FIXED_RECORDS.get(1)!;
  const long = header + count * V1_LONG_RECORD;
  return bytes.length === long || exportFormat(bytes.subarray(long)) === 'netflow1' ? long : header + count * record;
}

function sflowLength(bytes: Uint8Array, most: number): number {
  let at = sflowSamplesAt(bytes);
  if (at < 0) return most;
  const samples = u32(bytes, at - 4);
  for (let i = 0; i < samples; i++) {
    if (at + 8 > most || u32(bytes, at + 4) > most - at - 8) return most;
    at = Math.min(most, at + 8 + ((u32(bytes, at + 4) + 3) & ~3));
  }
  return at;
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
  const format = exportFormat(bytes.subarray(at, at + MAX_DATAGRAM_OCTETS));
  // sFlow has no time to compare; nobody mixes it with NetFlow in one file.
  if (format === undefined || format === 'sflow5') return false;
  const seconds = u32(bytes, at + (format === 'ipfix' ? 4 : 8));
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
