import { describe, expect, test } from 'vitest';
import { PublishWindow } from '../../../collector/outputs/publish-window.js';

/** A frame on its way, whose end the test decides. */
function publishing() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { done, resolve, reject };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('publishing window', () => {
  test('a full window waits until a frame is taken, so that a slow bus holds the collector back', async () => {
    const window = new PublishWindow(3);
    const frames = [publishing(), publishing(), publishing()];
    await window.add(frames[0]!.done);
    await window.add(frames[1]!.done);
    let room = false;
    const third = window.add(frames[2]!.done).then(() => {
      room = true;
    });
    await turn();
    expect(room).toBe(false);
    frames[1]!.resolve();
    await third;
    expect(room).toBe(true);
  });

  test('empty means that every frame was taken', async () => {
    const window = new PublishWindow();
    const frame = publishing();
    await window.add(frame.done);
    let empty = false;
    const emptied = window.empty().then(() => {
      empty = true;
    });
    await turn();
    expect(empty).toBe(false);
    frame.resolve();
    await emptied;
    expect(empty).toBe(true);
  });

  test('a frame that fails is told to whoever comes next, again and again, and is no unhandled rejection', async () => {
    const window = new PublishWindow();
    const frame = publishing();
    await window.add(frame.done);
    frame.reject(new Error('the bus was stopped'));
    await turn();
    await expect(window.add(Promise.resolve())).rejects.toThrow('the bus was stopped');
    await expect(window.empty()).rejects.toThrow('the bus was stopped');
  });
});
