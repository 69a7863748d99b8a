import { createHash } from 'node:crypto';

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
export const SNAPSHOT_VERSION = 16;
const MAGIC = new TextEncoder().encode('CORDONSN');
const DIGEST_BYTES = 32;
const HEAD_BYTES = MAGIC.length + 4;

export interface SnapshotBinding {
  readonly claimsHash: string;
  readonly parameters: unknown;
}

export type Unsealed = { readonly state: Uint8Array } | { readonly refused: string };

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
