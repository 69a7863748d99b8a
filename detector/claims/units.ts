import { parseDuration } from '../../flow/time.js';

const BYTE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** Octets of '20MiB', '1.5GiB', '600B', rounded down to whole octets. The schema has checked the form. */
export function parseOctets(text: string): number {
  const match = /^([\d.]+)(B|KiB|MiB|GiB|TiB)$/.exec(text);
  return match === null ? Number.NaN : Math.floor(Number(match[1]) * BYTE_UNITS[match[2] as keyof typeof BYTE_UNITS]);
}

/** Octets in words with the same units: '20 MiB', '14.3 KiB'. */
export function formatOctets(octets: number): string {
  let unit: keyof typeof BYTE_UNITS = 'B';
  for (const [name, size] of Object.entries(BYTE_UNITS)) if (octets >= size) unit = name as keyof typeof BYTE_UNITS;
  const value = octets / BYTE_UNITS[unit];
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${unit}`;
}

/** Fraction 0–1 of '99.9%'; NaN when there is none. */
export function parseShare(text: string | undefined): number {
  return text === undefined ? Number.NaN : Number(text.slice(0, -1)) / 100;
}

/** Milliseconds of an ISO 8601 duration; `absent` when there is none. The schema has checked the form. */
export function durationMs(text: string | undefined, absent: number): number {
  return text === undefined ? absent : (parseDuration(text) ?? absent);
}

/** True for durations of whole days ('P1D'), which count by the calendar; 'PT24H' does not. */
export function isCalendarDuration(text: string): boolean {
  return !text.includes('T');
}
