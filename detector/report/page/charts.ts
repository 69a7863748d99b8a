import { DAY_MS, HOUR_MS } from '../../../flow/time.js';
import type { Interval } from '../../coverage/intervals.js';
import type { VerdictWord } from '../../coverage/verdict-types.js';
import { formatOctets } from '../../findings/quantity.js';
import { type Html, html, NOTHING } from './html.js';
import { dayText, instant } from './words.js';

/** Units of the drawing: 1 is about a quarter of a millimetre on A4. */
const WIDTH = 700;
const LEFT = 110;
const ROW = 18;
const AXIS = 18;

/** The time that runs from left to right. */
export interface TimeAxis {
  readonly fromMs: number;
  readonly toMs: number;
  readonly timezone: string;
}

function xOf({ fromMs, toMs }: TimeAxis, ms: number): number {
  const share = (Math.min(toMs, Math.max(fromMs, ms)) - fromMs) / (toMs - fromMs);
  return round(LEFT + share * (WIDTH - LEFT));
}

/** Two decimals: the same figures give the same bytes, and no machine's last digit. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const TICKS_MS = [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS, 2 * DAY_MS, 7 * DAY_MS, 30 * DAY_MS, 90 * DAY_MS, 365 * DAY_MS];

/** Lines and dates (within some days: hours in UTC) under the rows. */
function axis(time: TimeAxis, height: number): Html {
  const step = TICKS_MS.find((tick) => (time.toMs - time.fromMs) / tick <= 9) ?? 3650 * DAY_MS;
  const ticks: Html[] = [];
  for (let at = time.fromMs; at < time.toMs; at += step) {
    const text = step < DAY_MS ? instant(at).slice(11, 16) : dayText(at + HOUR_MS, time.timezone).slice(step >= 90 * DAY_MS ? 0 : 5);
    const x = xOf(time, at);
    ticks.push(html`<line class="grid" x1="${x}" y1="0" x2="${x}" y2="${height}"/><text x="${x + 2}" y="${height + 11}">${text}</text>`);
  }
  const unit = step < DAY_MS ? html`<text x="0" y="${height + 11}">UTC</text>` : NOTHING;
  return html`${ticks}${unit}`;
}

function drawing(height: number, label: string, content: Html): Html {
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}"><title>${label}</title>${content}</svg>`;
}

export interface Strip {
  readonly name: string;
  /** `word` is shown inside where there is room. */
  readonly bars: readonly (Interval & { readonly as: string; readonly word?: string })[];
  /** Single moments. */
  readonly marks?: readonly number[];
}

/** Rows over one time axis: states as bars, moments as marks. */
export function strips(time: TimeAxis, rows: readonly Strip[], label: string): Html {
  const height = rows.length * ROW;
  const content = rows.map(({ name, bars, marks = [] }, index) => {
    const y = index * ROW + 2;
    const drawn = bars.map(({ fromMs, toMs, as, word = '' }) => {
      const x = xOf(time, fromMs);
      // What is too short to be seen is drawn as wide as a line: a blind minute of a month must not vanish.
      const width = round(Math.max(0.8, xOf(time, toMs) - x));
      const inside =
        word !== '' && width > word.length * 6.4 + 6 ? html`<text class="onDark" x="${x + 3}" y="${y + 10.5}">${word}</text>` : NOTHING;
      return html`<rect class="${as}" x="${x}" y="${y}" width="${width}" height="${ROW - 4}"/>${inside}`;
    });
    const dots = marks.map((ms) => html`<circle class="mark" cx="${xOf(time, ms)}" cy="${y + 7}" r="2.8"/>`);
    return html`<text class="name" x="0" y="${y + 10.5}">${short(name)}</text><rect class="frame" x="${LEFT}" y="${y}" width="${WIDTH - LEFT}" height="${ROW - 4}"/>${drawn}${dots}`;
  });
  return drawing(height + AXIS, label, html`${axis(time, height)}${content}`);
}

/** Room for a name beside a row. */
function short(text: string): string {
  const characters = [...text];
  return characters.length <= 18 ? text : `${characters.slice(0, 17).join('')}…`;
}

/** One bar for every verdict's stretch, with its word. */
export function stateBars(states: readonly (Interval & { readonly verdict: VerdictWord })[]): Strip['bars'] {
  return states.map(({ fromMs, toMs, verdict }) => ({ fromMs, toMs, as: verdict, word: verdict.replace('_', ' ') }));
}

const HEIGHT = 84;

/** Octets by step: sent above the line, received below it. */
export function volumeChart(
  time: TimeAxis,
  steps: readonly { fromMs: number; out: number; in: number }[],
  stepMs: number,
  label: string,
): Html {
  const most = steps.reduce((largest, step) => Math.max(largest, step.out, step.in), 0);
  if (most === 0) return NOTHING;
  const middle = HEIGHT / 2;
  const bars = steps.map(({ fromMs, out, in: received }) => {
    const x = xOf(time, fromMs);
    const width = round(Math.max(0.8, xOf(time, fromMs + stepMs) - x - 0.6));
    const [up, down] = [round((out / most) * (middle - 3)), round((received / most) * (middle - 3))];
    return html`<rect class="out" x="${x}" y="${round(middle - up)}" width="${width}" height="${up}"/><rect class="in" x="${x}" y="${middle}" width="${width}" height="${down}"/>`;
  });
  const names = html`<text class="name" x="0" y="12">sent</text><text x="0" y="23">to ${formatOctets(most)}</text><text class="name" x="0" y="${HEIGHT - 14}">received</text><text x="0" y="${HEIGHT - 3}">to ${formatOctets(most)}</text>`;
  const line = html`<line class="grid" x1="${LEFT}" y1="${middle}" x2="${WIDTH}" y2="${middle}"/>`;
  return drawing(HEIGHT + AXIS, label, html`${axis(time, HEIGHT)}${line}${bars}${names}`);
}
