/**
 * Text from telemetry and claim files made safe for a terminal: control characters (C0, C1), line and bidirectional controls become visible escapes,
 * so that a name can neither clear the screen nor reorder what stands beside it.
 */
export function terminalText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

const IEC = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Octets in IEC units with three significant digits: '4.13 KiB', '25.0 MiB'. */
export function formatOctets(octets: number): string {
  let value = octets;
  let unit = 0;
  while (value >= 1024 && unit < IEC.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toPrecision(3)} ${IEC[unit]}`;
}

/** Whole numbers with thin grouping: '1 441 022'. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ' ');
}
