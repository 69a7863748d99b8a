import type { Unit } from '../supported.js';

/** Formats a number in a Grafana unit. `decimals` undefined: as many as three significant digits need. */
export function formatNumber(value: number, unit: string | undefined, decimals: number | undefined): string {
  const format = FORMATS[(unit ?? 'none') as Unit] ?? FORMATS.none;
  return format(value, decimals);
}

const FORMATS: Readonly<Record<Unit, (value: number, decimals: number | undefined) => string>> = {
  none: (value, decimals) => fixed(value, decimals),
  short: (value, decimals) => scaled(value, 1000, ['', ' K', ' Mil', ' Bil', ' Tri'], decimals),
  decbytes: (value, decimals) => scaled(value, 1000, [' B', ' kB', ' MB', ' GB', ' TB', ' PB'], decimals),
  s: (value, decimals) => duration(value, decimals),
  ms: (value, decimals) => (Math.abs(value) < 1000 ? `${fixed(value, decimals)} ms` : duration(value / 1000, decimals)),
  percent: (value, decimals) => `${fixed(value, decimals)} %`,
  percentunit: (value, decimals) => `${fixed(value * 100, decimals)} %`,
  dateTimeAsIso: (value) => formatTime(value),
};

/** 'YYYY-MM-DD hh:mm:ss' in UTC: what analysts compare with their logs. */
export function formatTime(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString().slice(0, 19).replace('T', ' ') : '–';
}

function fixed(value: number, decimals: number | undefined): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  // A small share is not nothing.
  if (size < 0.1) return String(Number(value.toPrecision(2)));
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)));
}

function scaled(value: number, base: number, suffixes: readonly string[], decimals: number | undefined): string {
  let rest = value;
  let step = 0;
  while (Math.abs(rest) >= base && step < suffixes.length - 1) {
    rest /= base;
    step++;
  }
  return `${fixed(rest, decimals)}${suffixes[step]}`;
}

function duration(seconds: number, decimals: number | undefined): string {
  const size = Math.abs(seconds);
  if (size < 60) return `${fixed(seconds, decimals)} s`;
  if (size < 3600) return `${fixed(seconds / 60, decimals ?? 1)} min`;
  if (size < 86_400) return `${fixed(seconds / 3600, decimals ?? 1)} h`;
  return `${fixed(seconds / 86_400, decimals ?? 1)} d`;
}
