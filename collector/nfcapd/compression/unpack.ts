import { decompress } from 'fzstd';
import { COMPRESSION } from '../layout.js';
import { unpackBzip2 } from './bzip2.js';
import { unpackLz4 } from './lz4.js';
import { unpackLzo } from './lzo.js';

/** Unpacks a block into `into`, never beyond its end: answers the octets written, −1 when the block is broken, would not fit, or is packed otherwise. */
export function unpack(compression: number, packed: Uint8Array, into: Uint8Array): number {
  switch (compression) {
    case COMPRESSION.none:
      if (packed.length > into.length) return -1;
      into.set(packed);
      return packed.length;
    case COMPRESSION.lzo:
      return unpackLzo(packed, into);
    case COMPRESSION.bzip2:
      return unpackBzip2(packed, into);
    case COMPRESSION.lz4:
      return unpackLz4(packed, into);
    case COMPRESSION.zstd:
      return unpackZstd(packed, into);
    default:
      return -1;
  }
}

const ZSTD_MAGIC = 0xfd2fb528;

/** One Zstandard frame (RFC 8878). The frame must say how long its content is: nfdump's do, and what is longer than that is not written. */
function unpackZstd(packed: Uint8Array, into: Uint8Array): number {
  const length = zstdContentOctets(packed);
  if (length < 0 || length > into.length) return -1;
  try {
    return decompress(packed, into.subarray(0, length)).length === length ? length : -1;
  } catch {
    return -1;
  }
}

/**
 * RFC 8878 §3.1.1.1; −1 when the frame does not say.
 *
 *   magic │ 2 bits size of the content size, 1 single segment, …, 2 bits size of the dictionary id │ window unless single │ dictionary id │ content size
 */
function zstdContentOctets(packed: Uint8Array): number {
  if (packed.length < 18) return packed.length < 6 ? -1 : contentOctetsOf(Uint8Array.from({ length: 18 }, (_, i) => packed[i] ?? 0));
  return contentOctetsOf(packed);
}

function contentOctetsOf(packed: Uint8Array): number {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (view.getUint32(0, true) !== ZSTD_MAGIC) return -1;
  const descriptor = packed[4]!;
  const single = (descriptor & 0x20) !== 0;
  const dictionaryOctets = [0, 1, 2, 4][descriptor & 3]!;
  const at = 5 + (single ? 0 : 1) + dictionaryOctets;
  switch (descriptor >>> 6) {
    case 0:
      return single ? packed[at]! : -1;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}
