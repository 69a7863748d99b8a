import { createHash } from 'node:crypto';
import type { StateWriter } from '../baseline/state.js';

/*
 * A snapshot is the whole state of one partition's engine, sealed:
 *
 *   offset  0  'CORDONSN'
 *           8  u32 length of the binding's JSON, little-endian
 *          12  binding: what the state was made under (version, claims, parameters)
 *           …  state
 *        −32   SHA-256 over everything before
 *
 * A state made under other claims or parameters is no state for these: it is refused, and the reader starts from the beginning of the log.
 */

/** Changes with any change of how state is written. */
export const SNAPSHOT_VERSION = 11;
const MAGIC = new TextEncoder().encode('CORDONSN');
const DIGEST_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 4;

export interface SnapshotBinding {
  readonly claimsHash: string;
  readonly parameters: unknown;
}

export type Unsealed = { readonly state: Uint8Array } | { readonly refused: string };

export function sealSnapshot(binding: SnapshotBinding, state: StateWriter): Uint8Array {
  const bound = new TextEncoder().encode(bindingText(binding));
  const bytes = state.finish(HEAD_BYTES + bound.length, DIGEST_BYTES);
  bytes.set(MAGIC, 0);
  new DataView(bytes.buffer).setUint32(MAGIC.length, bound.length, true);
  bytes.set(bound, HEAD_BYTES);
  bytes.set(digest(bytes.subarray(0, -DIGEST_BYTES)), bytes.length - DIGEST_BYTES);
  return bytes;
}

/** The state, or the reason why it cannot be used, for the log. Never throws. */
export function unsealSnapshot(binding: SnapshotBinding, bytes: Uint8Array): Unsealed {
  if (bytes.length < HEAD_BYTES + DIGEST_BYTES || !MAGIC.every((byte, index) => bytes[index] === byte))
    return { refused: 'it is no snapshot' };
  const sealed = bytes.subarray(0, -DIGEST_BYTES);
  if (!digest(sealed).equals(bytes.subarray(-DIGEST_BYTES))) return { refused: 'its checksum does not match' };
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const end = HEAD_BYTES + length;
  if (end > sealed.length) return { refused: 'its header is malformed' };
  const bound = new TextDecoder().decode(sealed.subarray(HEAD_BYTES, end));
  if (bound !== bindingText(binding)) return { refused: 'it was made under other claims, parameters or another version' };
  return { state: sealed.subarray(end) };
}

function bindingText({ claimsHash, parameters }: SnapshotBinding): string {
  return JSON.stringify({ version: SNAPSHOT_VERSION, claimsHash, parameters });
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
