import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../detector/decisions/decision.js';
import type { StandingFinding } from '../../../detector/decisions/desk.js';
import { acknowledge, close } from '../../../detector/decisions/request.js';
import { DecisionIndex } from '../../../detector/decisions/standing.js';
import type { Finding } from '../../../detector/findings/finding.js';
import type { Notice } from '../../../detector/notifications/notice.js';
import { createNotifier, type NotifierState } from '../../../detector/notifications/notifier.js';
import { Outbox } from '../../../detector/notifications/outbox.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { findingOf, SEEN_MS } from '../support/findings.js';

/** A notifier over findings in memory; `sent` is what one target got. */
function notifying(state?: NotifierState) {
  const sent: Notice[] = [];
  let findings: Finding[] = [];
  let decisions: Decision[] = [];
  let saved: NotifierState | undefined = state;
  let nowMs = SEEN_MS + HOUR_MS;
  const outbox = new Outbox({
    send: async (notice) => void sent.push(notice),
    bury: async () => undefined,
  });
  const notifier = createNotifier({
    desk: {
      list: async ({ fromMs = 0 }): Promise<StandingFinding[]> => {
        const index = new DecisionIndex(decisions);
        return findings
          .filter(({ lastSeenMs }) => lastSeenMs >= fromMs)
          .map((finding) => ({ finding, standing: index.standing(finding, nowMs) }));
      },
    },
    outboxes: new Map([['soc', outbox]]),
    leastSeverity: 'low',
    now: () => nowMs,
    state,
    save: async (next) => {
      saved = JSON.parse(JSON.stringify(next)) as NotifierState;
    },
  });
  return {
    /** Looks at these findings, at this time, and sends; answers why each notice was sent. */
    async see(list: readonly Finding[], { at, decided }: { at?: number; decided?: readonly Decision[] } = {}): Promise<string[]> {
      findings = [...list];
      if (decided !== undefined) decisions = [...decided];
      nowMs = at ?? nowMs;
      const before = sent.length;
      await notifier.look();
      await notifier.work();
      return sent.slice(before).map(({ reason }) => reason);
    },
    sent,
    saved: () => saved,
  };
}

const by = { author: 'eve', reason: 'known', atMs: SEEN_MS + HOUR_MS, effectiveMs: SEEN_MS + 2 * HOUR_MS };

describe('people are told of an incident', () => {
  it('once, and again when its count has doubled, its severity has changed, or a day has passed', async () => {
    const { see, sent } = notifying();
    const finding = findingOf({ sessions: 10 });
    const later = (ms: number, more: Partial<Finding> = {}): Finding => ({ ...finding, revision: 9, lastSeenMs: SEEN_MS + ms, ...more });
    expect(await see([finding])).toEqual(['new']);
    expect(await see([finding])).toEqual([]);
    expect(await see([later(HOUR_MS, { sessions: 19 })])).toEqual([]);
    expect(await see([later(2 * HOUR_MS, { sessions: 20 })])).toEqual(['the count has doubled']);
    expect(await see([later(3 * HOUR_MS, { sessions: 21, severity: 'high' })])).toEqual(['the severity has changed']);
    expect(await see([later(4 * HOUR_MS, { sessions: 21, severity: 'medium' })])).toEqual(['the severity has changed']);
    expect(await see([later(4 * HOUR_MS + DAY_MS - 1, { sessions: 30, severity: 'medium' })], { at: SEEN_MS + DAY_MS })).toEqual([]);
    expect(await see([later(4 * HOUR_MS + DAY_MS, { sessions: 30, severity: 'medium' })], { at: SEEN_MS + DAY_MS })).toEqual([
      'a day has passed',
    ]);
    expect(new Set(sent.map(({ incident }) => incident.id)).size).toBe(1);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
  });

  it('as one story when a second detection speaks of it', async () => {
    const { see, sent } = notifying();
    await see([findingOf({ id: 'a1' })]);
    const beacon = findingOf({ id: 'b1', detection: 'beacon', firstSeenMs: SEEN_MS - MINUTE_MS, severity: 'high' });
    expect(await see([findingOf({ id: 'a1' }), beacon])).toEqual(['the severity has changed']);
    expect(sent.map(({ incident }) => incident.detections)).toEqual([['new-destination'], ['beacon', 'new-destination']]);
    expect(sent[1]!.incident.id).toBe(sent[0]!.incident.id);
  });

  it('under one identity whatever is replayed: from the beginning, with the state of before, and with other revisions in between', async () => {
    const first = notifying();
    const steps = [10, 15, 40, 100].map((sessions, index) =>
      findingOf({ sessions, revision: index + 1, lastSeenMs: SEEN_MS + index * HOUR_MS }),
    );
    for (const step of steps) await first.see([step]);
    const restarted = notifying(first.saved());
    for (const step of steps) expect(await restarted.see([step])).toEqual([]);
    const fresh = notifying();
    await fresh.see([steps[3]!]);
    expect(fresh.sent[0]!.incident.id).toBe(first.sent[0]!.incident.id);
    expect(fresh.sent[0]!.id).toBe(first.sent.at(-1)!.id);
  });

  it('under one identity while it goes on for days, when its first findings are out of sight', async () => {
    const { see, sent } = notifying();
    const days = Array.from({ length: 6 }, (_, day) =>
      findingOf({ id: `d${day}`, firstSeenMs: SEEN_MS + day * DAY_MS, lastSeenMs: SEEN_MS + (day + 1) * DAY_MS - MINUTE_MS }),
    );
    for (let day = 0; day < days.length; day++) await see(days.slice(0, day + 1), { at: SEEN_MS + (day + 1) * DAY_MS });
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(sent.map(({ incident }) => incident.id)).size).toBe(1);
  });

  it('but not of what is muted, acknowledged, or below the severity asked for; and of it again when it stands open again', async () => {
    const { see } = notifying();
    const finding = findingOf();
    const muted = close(finding, 'noise', by, SEEN_MS + 3 * HOUR_MS);
    expect(await see([finding], { decided: [muted] })).toEqual([]);
    expect(await see([finding], { decided: [acknowledge(finding, by)] })).toEqual([]);
    expect(await see([findingOf({ severity: 'info', peerAddress: '10.1.1.1' })], { decided: [] })).toEqual([]);
    expect(await see([finding], { decided: [muted], at: SEEN_MS + 3 * HOUR_MS })).toEqual(['new']);
  });

  it('not because somebody closed the graver half of it', async () => {
    const { see } = notifying();
    const both = [findingOf({ id: 'a1' }), findingOf({ id: 'a2', severity: 'high', port: 22 })];
    expect(await see(both)).toEqual(['new']);
    expect(await see(both, { decided: [close(both[1]!, 'noise', by, SEEN_MS + DAY_MS)] })).toEqual([]);
  });
});
