import { expect, it } from 'vitest';
import { GatheredFrames, gatheredRows } from '../../../detector/engine/gathered-frames.js';
import { FlowBatch } from '../../../flow/batch.js';
import type { OutgoingMessage } from '../../../flow/bus/bus.js';
import { FLOW_COLUMNS } from '../../../flow/columns.js';
import { FrameEncoder } from '../../../flow/frame.js';

const encoder = new FrameEncoder(FLOW_COLUMNS);

/** A frame of so many rows that start at `fromMs` and count on by milliseconds. */
function frameOf(rows: number, fromMs: number): OutgoingMessage {
  const batch = new FlowBatch(rows);
  for (let at = 0; at < rows; at++) {
    const row = batch.add();
    batch.columns.flowStartMilliseconds[row] = fromMs + at;
    batch.columns.asset.codes[row] = batch.columns.asset.dictionary.intern(`asset-${fromMs + at}`);
  }
  return encoder.encode(batch)[0]!;
}

/** What is judged, batch by batch: starts of the rows, and whether each carries the name that it was given. */
function gathering(most = 10_000): { readonly frames: GatheredFrames; readonly judged: number[][]; readonly misnamed: string[] } {
  const judged: number[][] = [];
  const misnamed: string[] = [];
  const frames = new GatheredFrames(new FlowBatch(16), most, ({ columns, length }) => {
    judged.push([...columns.flowStartMilliseconds.subarray(0, length)]);
    for (let row = 0; row < length; row++) {
      const name = columns.asset.dictionary.name(columns.asset.codes[row]!);
      if (name !== `asset-${columns.flowStartMilliseconds[row]}`) misnamed.push(name);
    }
  });
  return { frames, judged, misnamed };
}

it('frames are judged together, in order and with their own names', () => {
  const { frames, judged, misnamed } = gathering();
  expect(frames.oldestMs).toBe(Number.POSITIVE_INFINITY);
  for (const fromMs of [30, 10, 20]) expect(frames.add(frameOf(2, fromMs))).toBeUndefined();
  expect(judged).toEqual([]);
  expect(frames.oldestMs).toBe(10);
  frames.end();
  frames.end();
  expect(judged).toEqual([[30, 31, 10, 11, 20, 21]]);
  expect(misnamed).toEqual([]);
});

it('no more rows are gathered than the limit says', () => {
  const { frames, judged, misnamed } = gathering(10_000);
  const rows = 2500;
  for (let n = 0; n < 6; n++) frames.add(frameOf(rows, n * rows));
  frames.end();
  expect(judged.map((starts) => starts.length)).toEqual([10_000, 5000]);
  expect(judged.flat()).toEqual(Array.from({ length: 6 * rows }, (_, at) => at));
  expect(misnamed).toEqual([]);
});

it('no more different names are gathered than a dictionary holds', () => {
  const { frames, judged, misnamed } = gathering(200_000);
  const rows = 3500;
  for (let n = 0; n < 20; n++) frames.add(frameOf(rows, n * rows));
  frames.end();
  expect(judged.map((starts) => starts.length)).toEqual([18 * rows, 2 * rows]);
  expect(misnamed).toEqual([]);
});

it('a frame that does not say how large it is is judged alone', () => {
  const { frames, judged } = gathering();
  frames.add(frameOf(2, 10));
  const { value, headers } = frameOf(2, 20);
  const { rows: _, ...others } = headers;
  expect(frames.add({ value, headers: others })).toBeUndefined();
  frames.end();
  expect(judged).toEqual([
    [10, 11],
    [20, 21],
  ]);
});

it('more rows are gathered for more units, within bounds', () => {
  expect([0, 1, 2000, 5000, 10_000, 1_000_000].map(gatheredRows)).toEqual([32_768, 32_768, 32_768, 50_000, 100_000, 131_072]);
});

it('a frame that cannot be read is named, and the others are judged as if it had not come', () => {
  const { frames, judged, misnamed } = gathering();
  const broken = frameOf(3, 50);
  frames.add(frameOf(2, 10));
  expect(frames.add({ value: broken.value.subarray(0, broken.value.length - 9), headers: broken.headers })).toMatch(/./);
  expect(frames.add({ value: broken.value, headers: {} })).toContain('frame version');
  frames.add(frameOf(2, 20));
  frames.end();
  expect(judged.flat()).toEqual([10, 11, 20, 21]);
  expect(misnamed).toEqual([]);
});

it('after judging has failed nothing of it is left in the batch', () => {
  const batch = new FlowBatch(16);
  const frames = new GatheredFrames(batch, 100, () => {
    throw new Error('broken');
  });
  frames.add(frameOf(2, 10));
  expect(() => frames.end()).toThrow('broken');
  expect(batch.length).toBe(0);
});
