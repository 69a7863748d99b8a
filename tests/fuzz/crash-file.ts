/*
 * An input as a file: payloads one after another, each behind its length (32 bits, network order).
 */

export function writeInput(input: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(input.reduce((sum, payload) => sum + 4 + payload.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const payload of input) {
    view.setUint32(at, payload.length);
    bytes.set(payload, at + 4);
    at += 4 + payload.length;
  }
  return bytes;
}

/** Throws RangeError for bytes that writeInput did not write. */
export function readInput(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const input: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at);
    if (at + 4 + length > bytes.length) throw new RangeError('the file ends within a payload');
    input.push(bytes.slice(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return input;
}
