import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, NumberPool, ownPiece, type Piece } from '../../../detector/baseline/number-pool.js';

const KINDS = ['doubles', 'words'] as const;

describe('a pool of numbers', () => {
  it('gives each its own zeros, whatever was taken, grown and given back before', () => {
    const step = fc.record({
      kind: fc.constantFrom(...KINDS),
      length: fc.integer({ min: 0, max: 300 }),
      givesBack: fc.boolean(),
      outgrows: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pool = new NumberPool();
        const held: { values: ReturnType<NumberPool[(typeof KINDS)[number]]>; mark: number }[] = [];
        for (const [index, { kind, length, givesBack, outgrows }] of steps.entries()) {
          let values: ReturnType<NumberPool[(typeof KINDS)[number]]> = pool[kind](length);
          expect(values).toHaveLength(length);
          expect(values.every((value) => value === 0)).toBe(true);
          const mark = index + 1;
          values.fill(mark);
          if (outgrows) {
            values = pool.outgrown(values, length + 1);
            expect(values[length]).toBe(0);
            values[length] = mark;
          }
          held.push({ values, mark });
          if (givesBack) pool.give(held.splice(index % held.length, 1)[0]!.values);
        }
        for (const { values, mark } of held) expect(values.every((value) => value === mark)).toBe(true);
      }),
    );
  });

  it('gives each piece bytes of its own, zeros, beside arrays and other pieces', () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 3000 }), large: fc.boolean(), releases: fc.boolean(), words: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pool = new NumberPool();
        const pieces: { piece: Piece; mark: number }[] = [];
        const arrays: { values: Uint32Array; mark: number }[] = [];
        for (const [index, { bytes, large, releases, words }] of steps.entries()) {
          const mark = 1 + (index % 255);
          const piece = large ? ownPiece(bytes) : pool.piece(bytes);
          expect(piece.bytes).toBe(8 * Math.ceil(bytes / 8));
          expect(piece.from % 8).toBe(0);
          expect(bytesOf(piece).every((byte) => byte === 0)).toBe(true);
          bytesOf(piece).fill(mark);
          pieces.push({ piece, mark });
          if (words) {
            const values = pool.words(bytes);
            expect(values.every((word) => word === 0)).toBe(true);
            arrays.push({ values: values.fill(mark), mark });
          }
          if (!releases) continue;
          const [{ piece: gone }] = pieces.splice(index % pieces.length, 1) as [(typeof pieces)[number]];
          if (large) pool.release(gone);
          else pool.giveBack(gone.chunk.words, gone.from, gone.bytes);
        }
        for (const { piece, mark } of pieces) expect(bytesOf(piece).every((byte) => byte === mark)).toBe(true);
        for (const { values, mark } of arrays) expect(values.every((word) => word === mark)).toBe(true);
      }),
    );
  });

  it('takes the place of what outgrew it for the next of that length', () => {
    const pool = new NumberPool();
    // The first ones fill chunks of their own.
    for (const length of [4, 8, 2]) pool.doubles(length);
    const first = pool.doubles(8);
    expect(pool.outgrown(first, 16).buffer).not.toBe(first.buffer);
    const next = pool.words(16);
    expect([next.buffer === first.buffer, next.byteOffset]).toEqual([true, first.byteOffset]);
  });
});
