/** Longest name that is kept, in octets: the length of names that exporters tell. */
const MAX_OCTETS = 128;
/** Different names of one log are few dozens: Zeek's analysers, Suricata's parsers. A cache: more only cost their reading. */
const PLACES = 256;
/** Suricata's words for a flow whose protocol it did not find out: nothing is told. */
const UNTOLD = new Set(['failed', 'unknown']);

/**
 * Reads names of applications from lines, each distinct name once: what a connection spoke is one of few words, and making a string of its octets costs more than
 * the rest of the line.
 */
export function createApplicationReader(): (bytes: Uint8Array, from: number, to: number) => string {
  const octets: (Uint8Array | undefined)[] = new Array<undefined>(PLACES).fill(undefined);
  const names: string[] = new Array<string>(PLACES).fill('');
  return (bytes, from, to) => {
    if (to <= from) return '';
    let hash = to - from;
    for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const place = (hash ^ (hash >>> 8)) & (PLACES - 1);
    const known = octets[place];
    if (known !== undefined && isSame(known, bytes, from, to)) return names[place]!;
    const name = textOf(bytes, from, Math.min(to, from + MAX_OCTETS));
    octets[place] = bytes.slice(from, to);
    names[place] = UNTOLD.has(name) ? '' : name;
    return names[place]!;
  };
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[from + i]) return false;
  return true;
}

/** What can be printed of ASCII: names are words, and anything else would do harm on a terminal. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  const codes = bytes.subarray(from, to).filter((code) => code > 0x20 && code < 0x7f);
  return String.fromCharCode(...codes);
}
