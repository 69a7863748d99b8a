const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Longest range that a screen may ask for: findings and verdicts are kept for years, but a screen of more says nothing. */
export const MAX_RANGE_MS = 400 * UNIT_MS.d;

/**
 * One end of a time range as Grafana writes it: 'now', 'now-24h', ms since the epoch, or an ISO 8601 instant. Undefined when it is none.
 * Rounding ('now/d') is not used by our dashboards and not known.
 */
export function parseTime(text: string, nowMs: number): number | undefined {
  const relative = /^now(?:([+-])(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative !== null) {
    const [, sign, count = '0', unit = 's'] = relative;
    return nowMs + (sign === '-' ? -1 : 1) * Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  if (/^\d{10,14}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Both ends in ms. Throws with a sentence for the person at the time picker. */
export function parseTimeRange(from: string, to: string, nowMs: number): { fromMs: number; toMs: number } {
  const fromMs = parseTime(from, nowMs);
  const toMs = parseTime(to, nowMs);
  if (fromMs === undefined || toMs === undefined) {
    throw new Error("the time range is not understood; write 'now-24h' or an instant such as 2026-12-03T00:00:00Z");
  }
  if (fromMs >= toMs) throw new Error('the time range ends before it begins; choose an end after its beginning');
  if (toMs - fromMs > MAX_RANGE_MS) throw new Error('the time range is longer than 400 days; choose a shorter one');
  return { fromMs, toMs };
}
