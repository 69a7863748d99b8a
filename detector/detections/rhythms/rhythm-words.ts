import { formatDuration, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';

/** An interval for people: '0.8 s', '23.1 s', '5 min 0 s', '1 h 40 min'. */
export function formatInterval(ms: number): string {
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= HOUR_MS) return formatDuration(ms);
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A share as whole percent, below one with a decimal: '0.3 %', '12 %'. */
export function formatShare(share: number): string {
  return share > 0 && share < 0.01 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;
}
