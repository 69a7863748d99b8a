import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxLimits, SendError } from '../../../detector/notifications/outbox.js';
import { DAY_MS, MINUTE_MS } from '../../../flow/time.js';
import { noticeOf } from './support.js';

const notice = (id: number) => ({ ...noticeOf(), id: String(id) });

/** An outbox whose receiver does what `answers` say, one after another, and then takes everything. */
function outboxOf(answers: (Error | undefined)[] = [], limits: Partial<OutboxLimits> = {}) {
  const got: string[] = [];
  const letters: [string, string][] = [];
  const outbox = new Outbox({
    limits,
    send: async ({ id }) => {
      const answer = answers.shift();
      if (answer !== undefined) throw answer;
      got.push(id);
    },
    bury: async ({ id }, reason) => void letters.push([id, reason]),
  });
  return { outbox, got, letters };
}

describe('an outbox', () => {
  it('sends in order, and after a failure only when the pause has passed, each pause twice as long up to a bound', async () => {
    const { outbox, got } = outboxOf(Array.from({ length: 12 }, () => new SendError('down')));
    await outbox.push(notice(1), 0);
    await outbox.push(notice(2), 0);
    const attempts: number[] = [];
    for (let ms = 0; ms <= 40 * MINUTE_MS && got.length === 0; ms += 500) {
      const before = outbox.counters.failed;
      await outbox.work(ms);
      if (outbox.counters.failed > before) attempts.push(ms / 1000);
    }
    expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]);
    expect(got).toEqual(['1', '2']);
    expect(outbox.problem).toBe('');
  });

  it('gives up what the receiver will never take, and goes on with the next', async () => {
    const { outbox, got, letters } = outboxOf([new SendError('answers 400', true)]);
    await outbox.push(notice(1), 0);
    await outbox.push(notice(2), 0);
    expect(await outbox.work(0)).toBe(true);
    expect([got, letters]).toEqual([['2'], [['1', 'the receiver refuses it: answers 400']]]);
  });

  it('gives up what could not be sent for a day', async () => {
    const { outbox, letters } = outboxOf(Array.from({ length: 1000 }, () => new SendError('down')));
    await outbox.push(notice(1), 0);
    for (let ms = 0; ms <= DAY_MS; ms += 5 * MINUTE_MS) await outbox.work(ms);
    expect(letters).toEqual([['1', 'not sent within 1440 min: down']]);
    expect(outbox.counters).toMatchObject({ sent: 0, dead: 1 });
  });

  it('is bounded: the oldest becomes a letter, nothing is lost without one', async () => {
    const { outbox, letters, got } = outboxOf([], { waiting: 3 });
    for (let id = 1; id <= 5; id++) await outbox.push(notice(id), 0);
    await outbox.push(notice(5), 0);
    expect(letters.map(([id]) => id)).toEqual(['1', '2']);
    await outbox.work(0);
    expect(got).toEqual(['3', '4', '5']);
  });

  it('goes on after a restart with what waited', async () => {
    const { outbox } = outboxOf([new SendError('down')]);
    await outbox.push(notice(1), 0);
    await outbox.work(0);
    const { outbox: next, got } = outboxOf();
    next.restore(outbox.waiting);
    await next.work(0);
    expect(got).toEqual(['1']);
  });
});
