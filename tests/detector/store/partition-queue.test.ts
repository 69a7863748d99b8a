import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultStoreServiceLimits } from '../../../detector/store/service/limits.js';
import { PartitionQueue } from '../../../detector/store/service/partition-queue.js';
import { type FrameRange, intentText, rangeToken, readIntent } from '../../../detector/store/service/range.js';
import type { Assignment, Message } from '../../../flow/bus/bus.js';

const message = (offset: number, rows: number): Message => ({
  topic: 'flows',
  partition: 0,
  log: 'log',
  offset,
  value: new Uint8Array(rows * 10),
  headers: { rows: String(rows) },
});

describe('the ranges of a partition', () => {
  it('follow one another without gap or overlap, hold every message once, and begin with the promised range', () => {
    const steps = fc.array(
      fc.record({
        gap: fc.integer({ min: 0, max: 2 }),
        rows: fc.integer({ min: 0, max: 60 }),
        take: fc.constantFrom('no', 'ready', 'due'),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }), (list, promised) => {
        const limits = { ...defaultStoreServiceLimits, maxBatchRows: 100, maxBatchBytes: 900 };
        const start = 5;
        const queue = new PartitionQueue(limits, start, promised === undefined ? undefined : start + promised);
        const ranges: FrameRange[] = [];
        const pushed: number[] = [];
        let offset = start;
        const take = (due: boolean) => {
          for (let range = queue.take(due); range !== undefined; range = queue.take(due)) ranges.push(range);
        };
        for (const step of list) {
          offset += step.gap;
          queue.push(message(offset, step.rows));
          pushed.push(offset++);
          if (step.take !== 'no') take(step.take === 'due');
        }
        take(true);
        const owed = queue.owesMessages;
        expect(ranges.flatMap((range) => range.messages.map((each) => each.offset))).toEqual(owed ? [] : pushed);
        let from = start;
        for (const [index, range] of ranges.entries()) {
          expect(range.from).toBe(from);
          for (const each of range.messages) expect(each.offset >= range.from && each.offset < range.upTo).toBe(true);
          const isPromise = index === 0 && promised !== undefined;
          if (isPromise) expect(range.upTo).toBe(start + promised);
          else if (range.messages.length > 1)
            expect(range.messages.reduce((sum, each) => sum + each.value.length, 0)).toBeLessThanOrEqual(900);
          from = range.upTo;
        }
        expect(queue.bytes).toBe(owed ? (pushed.length === 0 ? 0 : queue.bytes) : 0);
      }),
    );
  });

  it('wait for a promised range to be whole', () => {
    const queue = new PartitionQueue(defaultStoreServiceLimits, 0, 3);
    queue.push(message(0, 1));
    queue.push(message(1, 1));
    expect(queue.take(true)).toBeUndefined();
    queue.push(message(2, 1));
    expect(queue.take(false)).toMatchObject({ from: 0, upTo: 3 });
  });
});

describe('a promise', () => {
  const at = (offset: number, metadata: string, log = 'log'): Assignment => ({
    topic: 'flows',
    partition: 0,
    log,
    committed: { offset, metadata },
  });
  const token = rangeToken({ log: 'log', topic: 'flows', partition: 0 }, 3, 9);

  it('is read back as it was written', () => {
    expect(readIntent(at(3, intentText({ upTo: 9, token })))).toEqual({ upTo: 9, token });
  });

  it.each([
    ['of another log', at(3, intentText({ upTo: 9, token }), 'other')],
    ['of another offset', at(4, intentText({ upTo: 9, token }))],
    ['of another program', at(3, 'consumer-1')],
    ['that is no object', at(3, 'null')],
    ['without an end', at(3, '{"token":"x"}')],
    ['that ends before it begins', at(9, intentText({ upTo: 9, token }))],
    ['that is empty', at(3, '')],
  ])('%s is none', (_, assignment) => {
    expect(readIntent(assignment)).toBeUndefined();
  });
});
