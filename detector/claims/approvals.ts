import { printable } from '../../flow/address.js';
import { parseInstant } from '../../flow/time.js';
import type { TimeZone } from './calendar.js';
import { type ClaimsProblem, MAX_PROBLEMS } from './problem.js';
import type { Interval } from './windows.js';

const KEYS = ['ticket', 'fleet', 'from', 'until', 'engineer', 'source', 'purpose', 'approved_by', 'approved_at'] as const;
const TIMES: readonly string[] = ['from', 'until', 'approved_at'];
const MAX_LINE = 10_000; // characters
const EXAMPLE =
  '{"ticket":"CHG-4711","fleet":"billing-db","from":"2026-12-03T12:00:00Z","until":"2026-12-03T16:00:00Z","engineer":"…","source":"10.70.99.10","purpose":"…","approved_by":"…","approved_at":"2026-12-02T15:00:00Z"}';

/** One line of the approvals file. */
export interface Approval {
  readonly line: number;
  readonly ticket: string;
  readonly fleet: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly engineer: string;
  readonly approvedBy: string;
  readonly approvedAtMs: number;
}

/** Reads an approvals file: one JSON object a line, exactly the nine keys, all text. What is wrong is added to `problems`. */
export function readApprovals(file: string, text: string, problems: ClaimsProblem[]): Approval[] {
  const approvals: Approval[] = [];
  const lineOfTicket = new Map<string, number>();
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '' || problems.length >= MAX_PROBLEMS) return;
    const report = (code: string, message: string): void => {
      problems.push({ file, line: index + 1, column: 1, path: '', code, message });
    };
    const approval = parseLine(line, index + 1, report);
    if (approval === undefined) return;
    const earlier = lineOfTicket.get(`${approval.ticket}\n${approval.fleet}`);
    if (earlier !== undefined)
      report('duplicate', `ticket ${approval.ticket} stands in line ${earlier} already; a change of its times needs a ticket of its own`);
    lineOfTicket.set(`${approval.ticket}\n${approval.fleet}`, index + 1);
    approvals.push(approval);
  });
  return approvals;
}

function parseLine(line: string, number: number, report: (code: string, message: string) => void): Approval | undefined {
  const values = parseObject(line);
  if (values === undefined) {
    report('bad-approval', `not a JSON object of at most ${MAX_LINE} characters on one line; write ${EXAMPLE}`);
    return undefined;
  }
  const wrong = [
    ...KEYS.filter((key) => typeof values.get(key) !== 'string' || values.get(key) === '').map((key) => `'${key}' is missing or no text`),
    ...[...values.keys()].filter((key) => !(KEYS as readonly string[]).includes(key)).map((key) => `unknown key '${printable(key)}'`),
  ];
  const text = (key: (typeof KEYS)[number]): string => String(values.get(key) ?? '');
  const controls = KEYS.filter((key) => /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(text(key)));
  wrong.push(...controls.map((key) => `'${key}' holds control characters`));
  const time = (key: 'from' | 'until' | 'approved_at'): number => parseInstant(text(key)) ?? Number.NaN;
  for (const key of KEYS)
    if (TIMES.includes(key) && values.has(key) && Number.isNaN(parseInstant(text(key)) ?? Number.NaN))
      wrong.push(`'${key}' is no instant with a zone`);
  if (time('until') <= time('from')) wrong.push("'until' is not after 'from'");
  if (wrong.length > 0) {
    report('bad-approval', `${wrong.join('; ')}; write ${EXAMPLE}`);
    return undefined;
  }
  return {
    line: number,
    ticket: text('ticket'),
    fleet: text('fleet'),
    fromMs: time('from'),
    untilMs: time('until'),
    engineer: text('engineer'),
    approvedBy: text('approved_by'),
    approvedAtMs: time('approved_at'),
  };
}

function parseObject(line: string): Map<string, unknown> | undefined {
  if (line.length > MAX_LINE) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

/** Why an approval opens no window; each is told by lint. */
export type RefusalCode = 'approved-late' | 'too-many-tickets';

export interface TicketDecision {
  readonly approval: Approval;
  /** Undefined when refused. */
  readonly interval: Interval | undefined;
  readonly refused: RefusalCode | undefined;
  /** True when the approved time was longer than the window's duration and was cut to it. */
  readonly shortened: boolean;
}

/**
 * Which approvals of a fleet open a window: the approval must have been given before the time begins, at most `maxPerMonth` begin in one month of the
 * calendar (the earliest count), and none holds longer than `longestMs`. Sorted by begin.
 */
export function decideTickets(
  approvals: readonly Approval[],
  fleet: string,
  longestMs: number,
  maxPerMonth: number,
  zone: TimeZone,
): TicketDecision[] {
  const perMonth = new Map<string, number>();
  return approvals
    .filter((approval) => approval.fleet === fleet)
    .sort((a, b) => a.fromMs - b.fromMs || a.untilMs - b.untilMs || a.line - b.line)
    .map((approval) => {
      const shortened = approval.untilMs - approval.fromMs > longestMs;
      if (approval.approvedAtMs >= approval.fromMs) return { approval, interval: undefined, refused: 'approved-late', shortened };
      const month = new Date(zone.toLocal(approval.fromMs)).toISOString().slice(0, 7);
      const count = (perMonth.get(month) ?? 0) + 1;
      perMonth.set(month, count);
      if (count > maxPerMonth) return { approval, interval: undefined, refused: 'too-many-tickets', shortened };
      return {
        approval,
        interval: {
          fromMs: approval.fromMs,
          toMs: Math.min(approval.untilMs, approval.fromMs + longestMs),
          grant: { ticket: approval.ticket, approvedBy: approval.approvedBy },
        },
        refused: undefined,
        shortened,
      };
    });
}
