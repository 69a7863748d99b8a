import { Initiator } from '../../../flow/columns.js';
import type { LogRecord } from '../log-row.js';

const TCP = 6;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** The record itself shows who began. */
const SEEN = 100;
/** Zeek took the sender of the first packet it saw, or went by well-known ports ('^'). */
const CONVENTION = 50;

/**
 * The letters of Zeek's `history`, in capitals what the originator sent (Conn::Info): S a SYN, H a SYN with ACK, A a pure ACK, D data, F a FIN,
 * R a RST, Q and I a packet with SYN and FIN or RST. Letters that say nothing of flags (C, G, T, W, X, ^) stay 0.
 */
const FLAGS = flagTable({ S: SYN, H: SYN | ACK, A: ACK, F: FIN, R: RST, Q: SYN | FIN, I: SYN | RST });
/** Data and FIN carry an ACK once the other side was heard (RFC 9293 §3.10.7.4 drops what does not), which `history` has no letter for. */
const SPEAKS = flagTable({ D: 1, F: 1 });

function flagTable(flags: Readonly<Record<string, number>>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [letter, value] of Object.entries(flags)) table[letter.charCodeAt(0)] = value;
  return table;
}

/**
 * Sets flags and initiator from `history`. Zeek's originator is the source: seen where its SYN or the answer's SYN+ACK is in the history, else a
 * convention. An originator that sent the SYN+ACK itself was called. A '^' says that Zeek has turned the record round already.
 */
export function applyHistory(record: LogRecord, bytes: Uint8Array, from: number, to: number): void {
  record.initiator = Initiator.source;
  record.initiatorConfidence = CONVENTION;
  record.flags = 0;
  record.reverseFlags = 0;
  if (record.protocol !== TCP) return;
  let flags = 0;
  let reverseFlags = 0;
  let speaks = 0;
  let reverseSpeaks = 0;
  let answered = false;
  let called = false;
  for (let i = from; i < to; i++) {
    const letter = bytes[i]!;
    if (letter >= 0x61 && letter <= 0x7a) {
      answered = true;
      reverseFlags |= FLAGS[letter - 0x20]!;
      reverseSpeaks |= SPEAKS[letter - 0x20]!;
    } else {
      if (letter >= 0x41 && letter <= 0x5a) called = true;
      flags |= FLAGS[letter]!;
      speaks |= SPEAKS[letter]!;
    }
  }
  if (speaks !== 0 && (answered || (flags & SYN) === 0)) flags |= ACK;
  if (reverseSpeaks !== 0 && (called || (reverseFlags & SYN) === 0)) reverseFlags |= ACK;
  record.flags = flags;
  record.reverseFlags = reverseFlags;
  const bareSyn = has(bytes, from, to, 0x53);
  const answeredSyn = has(bytes, from, to, 0x68);
  if (bareSyn || answeredSyn) {
    record.initiatorConfidence = SEEN;
  } else if (has(bytes, from, to, 0x73) || has(bytes, from, to, 0x48)) {
    record.initiator = Initiator.destination;
    record.initiatorConfidence = SEEN;
  }
}

function has(bytes: Uint8Array, from: number, to: number, letter: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === letter) return true;
  return false;
}
