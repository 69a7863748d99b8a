import { onTestFinished } from 'vitest';
import type { LineBlock } from '../../../collector/contracts.js';
import { createLogTail, type LogTailOptions } from '../../../collector/inputs/tail.js';
import type { TailPosition } from '../../../collector/inputs/tail-file.js';
import type { TailEvent } from '../../../collector/inputs/tail-lines.js';
import { FaultCounts } from './collecting.js';

export function textsOf(block: LineBlock): string[] {
  return Array.from({ length: block.length }, (_, i) => Buffer.from(block.bytes.subarray(block.starts[i]!, block.ends[i]!)).toString());
}

/** Follows a log and keeps what it was handed. */
export function followed(path: string, from: LogTailOptions['from'] = 'beginning') {
  const lines: string[] = [];
  const numbers: number[] = [];
  const context: string[] = [];
  const events: TailEvent['kind'][] = [];
  const faults = new FaultCounts();
  const state: { position: TailPosition | undefined; hold: Promise<void> | undefined } = { position: undefined, hold: undefined };
  const tail = createLogTail({ path, from, pollMs: 10 });
  const ended = tail.start({
    async deliver(block, position) {
      await state.hold;
      lines.push(...textsOf(block));
      for (let i = 0; i < block.length; i++) numbers.push(block.numbers[i]!);
      state.position = position;
    },
    context: (block) => void context.push(...textsOf(block)),
    onEvent(event) {
      events.push(event.kind);
      if (event.kind === 'opened') state.position ??= event.position;
    },
    faults,
  });
  ended.catch(() => undefined);
  onTestFinished(() => tail.stop());
  return {
    lines,
    numbers,
    context,
    events,
    faults: faults.counts,
    state,
    ended,
    /** Resolves when so many lines were handed over. */
    async until(count: number): Promise<void> {
      await waitFor(
        () => lines.length >= count,
        () => `${lines.length} of ${count} lines, the last ${JSON.stringify(lines.slice(-3))}`,
      );
    },
    async untilEvent(kind: TailEvent['kind']): Promise<void> {
      await waitFor(
        () => events.includes(kind),
        () => `no ${kind} among ${events.join(', ')}`,
      );
    },
    stop: () => tail.stop(),
  };
}

export async function waitFor(test: () => boolean, what: () => string, mostMs = 10_000): Promise<void> {
  for (let waited = 0; !test(); waited += 5) {
    if (waited > mostMs) throw new Error(`waited ${mostMs} ms in vain: ${what()}`);
    await pause(5);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
