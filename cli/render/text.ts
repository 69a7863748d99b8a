/** What a terminal is given to show: it has no markup, control characters are its only danger. */
export { visibleText as terminalText } from '../../flow/visible-text.js';

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
