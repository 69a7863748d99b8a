import type { Random } from './random.js';

/** Longest payload or file that mutation may make. */
export const MAX_INPUT_OCTETS = 65_535;
/** Most payloads in one input. */
const MAX_PAYLOADS = 24;

/** Lengths, counts and ids at which parsers have broken before (assurance.md §5.4). */
const EDGES = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 127, 128, 254, 255, 256, 257, 1023, 1024, 4095, 32_767, 32_768, 65_534, 65_535];

/** A sequence of payloads with some of its bytes, lengths or order changed. `others` give material to splice in. */
export function mutatePayloads(random: Random, input: readonly Uint8Array[], others: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  let payloads = input.map((payload) => payload);
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) payloads = mutateSequence(random, payloads, others);
  return payloads;
}

function mutateSequence(random: Random, payloads: Uint8Array[], others: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  if (payloads.length === 0) return [...random.pick(others)];
  const at = random.below(payloads.length);
  switch (random.below(12)) {
    case 0: // order: data before its template, late messages
      return swapped(payloads, at, random.below(payloads.length));
    case 1: // lost
      return payloads.length > 1 ? payloads.filter((_, index) => index !== at) : payloads;
    case 2: // twice
      return payloads.length < MAX_PAYLOADS ? [...payloads.slice(0, at + 1), ...payloads.slice(at)] : payloads;
    case 3: // one of another input
      return payloads.length < MAX_PAYLOADS
        ? [...payloads.slice(0, at), random.pick(random.pick(others)) ?? new Uint8Array(0), ...payloads.slice(at)]
        : payloads;
    default:
      return payloads.map((payload, index) =>
        index === at ? mutateBytes(random, payload, random.pick(random.pick(others)) ?? payload) : payload,
      );
  }
}

/** One payload or file changed in one place. Never longer than MAX_INPUT_OCTETS. */
export function mutateBytes(random: Random, bytes: Uint8Array, donor: Uint8Array): Uint8Array {
  if (bytes.length === 0) return donor.slice(0, MAX_INPUT_OCTETS);
  const at = random.below(bytes.length);
  const changed = bytes.slice();
  switch (random.below(10)) {
    case 0:
      changed[at]! ^= 1 << random.below(8);
      return changed;
    case 1:
      changed[at] = random.below(256);
      return changed;
    case 2:
      return writeNumber(changed, at, 2, random.pick(EDGES));
    case 3: // a length or a count off by a little
      return writeNumber(changed, at & ~1, 2, readNumber(changed, at & ~1, 2) + random.below(9) - 4);
    case 4:
      return writeNumber(changed, at & ~3, 4, random.once(2) ? random.word() : random.pick(EDGES));
    case 5:
      return changed.subarray(0, at);
    case 6: {
      const length = 1 + random.below(Math.min(64, bytes.length - at));
      return joined(changed.subarray(0, at), changed.subarray(at + length));
    }
    case 7: {
      const length = 1 + random.below(Math.min(64, bytes.length - at));
      return joined(changed.subarray(0, at + length), changed.subarray(at));
    }
    case 8: {
      const from = random.below(donor.length);
      const part = donor.subarray(from, from + 1 + random.below(128));
      return joined(changed.subarray(0, at), part, changed.subarray(random.once(2) ? at : Math.min(bytes.length, at + part.length)));
    }
    default: {
      const fill = random.pick([0, 0xff, 0x80, 0x41]);
      return changed.fill(fill, at, at + 1 + random.below(16));
    }
  }
}

/** What breaks readers of text: numbers out of range, quotes, nesting, control characters, bytes that are no UTF-8. */
const TOKENS = [
  '-',
  '(empty)',
  '\t',
  '\n',
  '\r\n',
  '"',
  '\\',
  '\\u0000',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'null',
  'true',
  '-1',
  '1e999',
  '1e-999',
  '9007199254740993',
  '99999999999999999999999999',
  '0x41',
  'NaN',
  '::',
  '::ffff:0:0',
  '256.1.1.1',
  '192.0.2.1',
  '2001:db8::1',
  '#fields\t',
  '#separator \\x09',
  '\u202e',
  '<script>',
  '{"a":'.repeat(64),
  ' '.repeat(64),
];
const ENCODED_TOKENS = [...TOKENS.map((token) => new TextEncoder().encode(token)), Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xc0, 0x80)];

/** A log changed in one place: by bytes, by tokens, or by whole lines. */
export function mutateText(random: Random, bytes: Uint8Array, donor: Uint8Array): Uint8Array {
  if (bytes.length === 0 || random.once(3)) return mutateBytes(random, bytes, donor);
  const at = random.below(bytes.length);
  const token = random.pick(ENCODED_TOKENS);
  switch (random.below(4)) {
    case 0:
      return joined(bytes.subarray(0, at), token, bytes.subarray(at));
    case 1:
      return joined(bytes.subarray(0, at), token, bytes.subarray(Math.min(bytes.length, at + token.length)));
    case 2: {
      const [from, to] = lineAround(bytes, at);
      return joined(bytes.subarray(0, from), bytes.subarray(to));
    }
    default: {
      const [from, to] = lineAround(donor, random.below(donor.length));
      const [before] = lineAround(bytes, at);
      return joined(bytes.subarray(0, before), donor.subarray(from, to), bytes.subarray(before));
    }
  }
}

function lineAround(bytes: Uint8Array, at: number): [from: number, to: number] {
  const from = bytes.lastIndexOf(0x0a, at - 1) + 1;
  const end = bytes.indexOf(0x0a, at);
  return [Math.min(from, at), end < 0 ? bytes.length : end + 1];
}

function swapped(payloads: readonly Uint8Array[], a: number, b: number): Uint8Array[] {
  const copy = [...payloads];
  [copy[a], copy[b]] = [copy[b]!, copy[a]!];
  return copy;
}

function readNumber(bytes: Uint8Array, at: number, octets: number): number {
  let value = 0;
  for (let i = 0; i < octets; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** In network order, cut at the end of the bytes. */
function writeNumber(bytes: Uint8Array, at: number, octets: number, value: number): Uint8Array {
  for (let i = 0; i < octets && at + i < bytes.length; i++) bytes[at + i] = Math.floor(value / 256 ** (octets - 1 - i)) & 0xff;
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    Math.min(
      MAX_INPUT_OCTETS,
      parts.reduce((sum, part) => sum + part.length, 0),
    ),
  );
  let at = 0;
  for (const part of parts) {
    const room = part.subarray(0, all.length - at);
    all.set(room, at);
    at += room.length;
  }
  return all;
}
