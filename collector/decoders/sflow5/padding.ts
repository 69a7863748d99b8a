/** XDR (RFC 4506 §4.10): opaque data is filled up to a multiple of four octets. */
export function padded(length: number): number {
  return length + ((4 - (length & 3)) & 3);
}
