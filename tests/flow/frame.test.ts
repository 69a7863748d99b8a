import { describe, expect, test } from 'vitest';
import { FlowBatch } from '../../flow/batch.js';
import { FLOW_COLUMNS } from '../../flow/columns.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { columnTableHash, decodeFrame, FrameEncoder, frameProblem, MAX_FRAME_BYTES } from '../../flow/frame.js';
import { NativeError } from '../../flow/native/reader.js';

function flows(rows: number): FlowBatch {
  const batch = new FlowBatch(rows);
  batch.addRows(rows);
  for (let row = 0; row < rows; row++) batch.columns.octetDeltaCount[row] = row;
  return batch;
}

describe('frames', () => {
  test('no frame is larger than a broker takes, and together they hold every row in order', () => {
    const frames = new FrameEncoder(FLOW_COLUMNS).encode(flows(20_000));
    expect(frames.length).toBeGreaterThan(1);
    const back = new FlowBatch();
    for (const frame of frames) {
      expect(frame.value.length).toBeLessThanOrEqual(MAX_FRAME_BYTES);
      expect(decodeFrame(frame, back)).toBe(Number(frame.headers.rows));
    }
    expect(back.length).toBe(20_000);
    expect(back.columns.octetDeltaCount.subarray(0, 20_000).every((octets, row) => octets === row)).toBe(true);
  });

  test('a frame of another version or table is refused with a sentence for the quarantine', () => {
    const [frame] = new FrameEncoder(FLOW_COLUMNS).encode(flows(1));
    expect(frameProblem(frame!, FLOW_COLUMNS)).toBeUndefined();
    expect(frameProblem(frame!, COVERAGE_COLUMNS)).toContain(columnTableHash(COVERAGE_COLUMNS));
    expect(frameProblem({ ...frame!, headers: {} }, FLOW_COLUMNS)).toContain('frame version (none)');
    expect(() => decodeFrame({ ...frame!, headers: { ...frame!.headers, 'column-table': 'other' } }, new FlowBatch())).toThrow(NativeError);
  });

  test('an empty batch makes no frame', () => {
    expect(new FrameEncoder(FLOW_COLUMNS).encode(new FlowBatch())).toEqual([]);
  });
});
