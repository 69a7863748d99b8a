import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { endSoon, Lifecycle } from '../../../flow/service/lifecycle.js';
import type { Log } from '../../../flow/service/log.js';

function listening(): { log: Log; told: [object, string][] } {
  const told: [object, string][] = [];
  const note = (fields: object, message: string): void => void told.push([fields, message]);
  return { log: { debug: note, info: note, warn: note, error: note } as unknown as Log, told };
}

describe('a process that was stopped', () => {
  it('stops its parts in reverse, also when one of them fails', async () => {
    const { log, told } = listening();
    const lifecycle = new Lifecycle(log);
    const stopped: string[] = [];
    await lifecycle.start({ name: 'store', stop: async () => void stopped.push('store') });
    await lifecycle.start({ name: 'bus', stop: () => Promise.reject(new Error('away')) });
    await lifecycle.start({ name: 'socket', stop: async () => void stopped.push('socket') });
    await lifecycle.stop();
    expect(stopped).toEqual(['socket', 'store']);
    expect(told).toEqual([[{ part: 'bus', error: 'Error: away' }, expect.any(String)]]);
  });

  it('is ended when something keeps it alive, and says what that was', async () => {
    const { log, told } = listening();
    const exit = vi.fn();
    const alive = setInterval(() => undefined, 1000);
    endSoon({ log, afterMs: 10, exit });
    expect(exit).not.toHaveBeenCalled();
    // A timer that keeps nothing alive does not wake a test that waits for nothing else.
    while (exit.mock.calls.length === 0) await sleep(5);
    clearInterval(alive);
    expect(exit.mock.calls).toEqual([[0]]);
    expect(told).toEqual([[{ resources: expect.objectContaining({ Timeout: expect.any(Number) }) }, expect.any(String)]]);
  });
});
