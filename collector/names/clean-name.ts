/** RFC 1035 §2.3.4: 255 octets on the wire are 253 characters of text. */
export const MAX_NAME_CHARACTERS = 253;

/**
 * A domain name as it is kept: lower case, without the dot of the root; undefined when it is none. Names are anybody's input: printable ASCII alone is
 * taken, as internationalised names are (RFC 5890) and as logs escape the rest, and no comma, which stands between names.
 */
export function cleanName(name: string): string | undefined {
  const end = name.endsWith('.') ? name.length - 1 : name.length;
  if (end === 0 || end > MAX_NAME_CHARACTERS) return undefined;
  for (let i = 0; i < end; i++) {
    const code = name.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f || code === 0x2c) return undefined;
  }
  return (end === name.length ? name : name.slice(0, end)).toLowerCase();
}
