import { createHash, type Hash } from 'node:crypto';
import { behind, StateError, StateReader } from '../baseline/state.js';

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
export const SNAPSHOT_VERSION = 20;
const MAGIC = new TextEncoder().encode('CORDONSN');
const DIGEST_BYTES = 32;
const MISMATCH = 'its checksum does not match';
const HEAD_BYTES = MAGIC.length + 4;

export interface SnapshotBinding {
  readonly claimsHash: string;
  readonly parameters: unknown;
}

export type Unsealed = { readonly state: Iterable<Uint8Array> } | { readonly refused: string };

/** The snapshot in parts, each made when the one before is written: of ten thousand assets it is hundreds of megabytes, which are never held at once. */
export function* sealSnapshot(binding: SnapshotBinding, state: Iterable<Uint8Array>): Generator<Uint8Array> {
  const bound = new TextEncoder().encode(bindingText(binding));
  const head = new Uint8Array(HEAD_BYTES + bound.length);
  head.set(MAGIC, 0);
  new DataView(head.buffer).setUint32(MAGIC.length, bound.length, true);
  head.set(bound, HEAD_BYTES);
  const hash = createHash('sha256').update(head);
  yield head;
  for (const part of state) {
    hash.update(part);
    yield part;
  }
  yield hash.digest();
}

/**
 * The state, to be read once, or the reason why it cannot be used, for the log. The checksum of bytes that are in one piece is compared first; that of parts, which come from where
 * they were checked, when the last of the state has been read: StateError when it does not match.
 */
export function unsealSnapshot(binding: SnapshotBinding, bytes: Uint8Array | Iterable<Uint8Array>): Unsealed {
  if (bytes instanceof Uint8Array && bytes.length >= DIGEST_BYTES && !isIntact(bytes)) return { refused: MISMATCH };
  const hash = createHash('sha256');
  const sealed = new StateReader(bytes instanceof Uint8Array ? [bytes] : bytes);
  try {
    const magic = sealed.raw(MAGIC.length);
    if (!MAGIC.every((byte, index) => magic[index] === byte)) return { refused: 'it is no snapshot' };
    hash.update(magic);
    const length = sealed.raw(4);
    hash.update(length);
    const bound = sealed.raw(new DataView(length.buffer, length.byteOffset).getUint32(0, true));
    hash.update(bound);
    if (new TextDecoder().decode(bound) !== bindingText(binding))
      return { refused: 'it was made under other claims, parameters or another version' };
  } catch (error) {
    if (error instanceof StateError) return { refused: 'it is cut short' };
    throw error;
  }
  return { state: checked(sealed, hash) };
}

/** What lies before the checksum, which is compared at the end. */
function* checked(sealed: StateReader, hash: Hash): Generator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0);
  for (let part = sealed.part(); part !== undefined; part = sealed.part()) {
    // The last octets of all may be the checksum.
    const bytes = behind(held, part);
    const end = Math.max(0, bytes.length - DIGEST_BYTES);
    held = bytes.slice(end);
    hash.update(bytes.subarray(0, end));
    yield bytes.subarray(0, end);
  }
  if (!hash.digest().equals(held)) throw new StateError(MISMATCH);
}

function isIntact(bytes: Uint8Array): boolean {
  return createHash('sha256').update(bytes.subarray(0, -DIGEST_BYTES)).digest().equals(bytes.subarray(-DIGEST_BYTES));
}

function bindingText({ claimsHash, parameters }: SnapshotBinding): string {
  return JSON.stringify({ version: SNAPSHOT_VERSION, claimsHash, parameters });
}
