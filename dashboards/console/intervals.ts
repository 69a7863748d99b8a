/** Upper bounds of the raw step and the step it is rounded to, as Grafana's roundInterval does, from one second up; both in seconds. */
const STEPS: readonly (readonly [below: number, step: number])[] = [
  [1.5, 1],
  [3.5, 2],
  [7.5, 5],
  [12.5, 10],
  [17.5, 15],
  [25, 20],
  [45, 30],
  [90, 60],
  [210, 120],
  [450, 300],
  [750, 600],
  [1050, 900],
  [1500, 1200],
  [2700, 1800],
  [5400, 3600],
  [9000, 7200],
  [16_200, 10_800],
  [32_400, 21_600],
  [86_400, 43_200],
  [604_800, 86_400],
  [1_814_400, 604_800],
  [3_628_800, 2_592_000],
];

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** '15m', '1h30m', '500ms' in ms. Throws for anything else. */
export function parseGrafanaDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new Error(`'${text}' is not a duration; write for example 30s, 5m or 1h30m`);
  }
  return parts.reduce((sum, [, value = '0', unit = 's']) => sum + Number(value) * UNIT_MS[unit]!, 0);
}

/** The query interval in ms for a range drawn with at most `maxDataPoints` points, never under `least` (a panel's own minimum). */
export function queryInterval(fromMs: number, toMs: number, maxDataPoints: number, least: string | undefined): number {
  const raw = (toMs - fromMs) / 1000 / Math.max(1, maxDataPoints);
  const step = STEPS.find(([below]) => raw < below)?.[1] ?? 31_536_000;
  return Math.max(step * 1000, least === undefined ? 0 : parseGrafanaDuration(least));
}
