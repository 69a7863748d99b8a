import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from 'chdb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ColumnBatch } from '../../../flow/batch.js';
import { type ColumnTable, clickhouseType } from '../../../flow/column-kinds.js';
import { encodeBlock, readBlocks } from '../../../flow/native/block.js';
import { NativeError } from '../../../flow/native/reader.js';

const TABLE = {
  small: { kind: 'u8', meaning: '' },
  port: { kind: 'u16', meaning: '' },
  number: { kind: 'u32', meaning: '' },
  octets: { kind: 'u64', meaning: '' },
  score: { kind: 'f64', meaning: '' },
  at: { kind: 'time', meaning: '' },
  peer: { kind: 'address', meaning: '' },
  state: { kind: 'enum', values: ['unknown', 'attempt', 'done'], meaning: '' },
  sensor: { kind: 'symbol', meaning: '' },
  note: { kind: 'text', meaning: '' },
} as const satisfies ColumnTable;

interface Row {
  small: number;
  port: number;
  number: number;
  octets: number;
  score: number;
  at: number;
  peer: Uint8Array;
  state: number;
  sensor: string;
  note: string;
}

const row: fc.Arbitrary<Row> = fc.record({
  small: fc.integer({ min: 0, max: 255 }),
  port: fc.integer({ min: 0, max: 65_535 }),
  number: fc.integer({ min: 0, max: 4_294_967_295 }),
  octets: fc.maxSafeNat(),
  score: fc.double({ noNaN: true, noDefaultInfinity: true }),
  at: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  peer: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  state: fc.integer({ min: 0, max: 2 }),
  sensor: fc.string({ maxLength: 12 }),
  note: fc.string({ unit: 'binary', maxLength: 40 }),
});

function fill(rows: readonly Row[]): ColumnBatch<typeof TABLE> {
  const batch = new ColumnBatch(TABLE, 16);
  for (const value of rows) {
    const at = batch.add();
    const { columns } = batch;
    columns.small[at] = value.small;
    columns.port[at] = value.port;
    columns.number[at] = value.number;
    columns.octets[at] = value.octets;
    columns.score[at] = value.score;
    columns.at[at] = value.at;
    columns.peer.bytes.set(value.peer, at * 16);
    columns.state[at] = value.state;
    columns.sensor.codes[at] = columns.sensor.dictionary.intern(value.sensor);
    columns.note[at] = value.note;
  }
  return batch;
}

function rowsOf(batch: ColumnBatch<typeof TABLE>): Row[] {
  const { columns } = batch;
  return Array.from({ length: batch.length }, (_, at) => ({
    small: columns.small[at]!,
    port: columns.port[at]!,
    number: columns.number[at]!,
    octets: columns.octets[at]!,
    score: columns.score[at]!,
    at: columns.at[at]!,
    peer: columns.peer.bytes.slice(at * 16, at * 16 + 16),
    state: columns.state[at]!,
    sensor: columns.sensor.dictionary.name(columns.sensor.codes[at]!),
    note: columns.note[at]!,
  }));
}

describe('Native blocks', () => {
  test('what is written is read back, and blocks one after another are one stream', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.array(row, { maxLength: 30 }), (first, second) => {
        const bytes = Buffer.concat([encodeBlock(fill(first)), encodeBlock(fill(second))]);
        const back = new ColumnBatch(TABLE, 16);
        expect(readBlocks(bytes, back)).toBe(first.length + second.length);
        expect(rowsOf(back)).toEqual([...first, ...second]);
      }),
      { numRuns: 100 },
    );
  });

  test('a block cut at any byte is an error and leaves the batch as it was', () => {
    const bytes = encodeBlock(fill(fc.sample(row, { numRuns: 3, seed: 1 })));
    for (let length = 1; length < bytes.length; length++) {
      const batch = fill(fc.sample(row, { numRuns: 2, seed: 2 }));
      const before = rowsOf(batch);
      expect(() => readBlocks(bytes.subarray(0, length), batch), `cut at ${length}`).toThrow(NativeError);
      expect(rowsOf(batch)).toEqual(before);
    }
  });

  test('arbitrary and damaged bytes never crash, and take no more memory than they carry', () => {
    const good = encodeBlock(fill(fc.sample(row, { numRuns: 20, seed: 3 })));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        (damage) => {
          const bytes = good.slice();
          for (const [at, value] of damage) bytes[at] = value;
          const batch = new ColumnBatch(TABLE, 16);
          try {
            readBlocks(bytes, batch);
          } catch (error) {
            expect(error).toBeInstanceOf(NativeError);
          }
          expect(batch.capacity).toBeLessThanOrEqual(1024);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an enum number without a name is refused, since the database would refuse the whole insert', () => {
    const batch = fill(fc.sample(row, { numRuns: 1, seed: 4 }));
    batch.columns.state[0] = 9;
    expect(() => readBlocks(encodeBlock(batch), new ColumnBatch(TABLE, 16))).toThrow('9');
  });

  test('a block of another table names the first difference', () => {
    const other = new ColumnBatch({ ...TABLE, port: { kind: 'u32', meaning: '' } } as const, 16);
    other.add();
    expect(() => readBlocks(encodeBlock(other), new ColumnBatch(TABLE, 16))).toThrow("'port UInt32' where the table has 'port UInt16'");
  });
});

describe('the real engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cordon-native-'));
  let session: Session;
  beforeAll(() => {
    session = new Session(join(folder, 'db'));
    session.query('CREATE DATABASE cordon ENGINE = Atomic');
    const columns = Object.entries(TABLE).map(([name, column]) => `${name} ${clickhouseType(column)}`);
    session.query(`CREATE TABLE cordon.t (${columns.join(', ')}) ENGINE = MergeTree ORDER BY tuple()`);
  });
  afterAll(() => {
    session.cleanup();
    rmSync(folder, { recursive: true, force: true });
  });

  test('reads our blocks, and we read the blocks it writes', () => {
    const rows = fc.sample(row, { numRuns: 300, seed: 5 });
    const file = join(folder, 'rows.native');
    writeFileSync(file, Buffer.concat([encodeBlock(fill(rows.slice(0, 100))), encodeBlock(fill(rows.slice(100)))]));
    session.query(`INSERT INTO cordon.t FROM INFILE '${file}' FORMAT Native`);
    const out = join(folder, 'out.native');
    session.query(`SELECT * FROM cordon.t INTO OUTFILE '${out}' FORMAT Native`);
    const back = new ColumnBatch(TABLE, 16);
    readBlocks(readFileSync(out), back);
    const key = (value: Row) => JSON.stringify({ ...value, peer: Buffer.from(value.peer).toString('hex') });
    expect(rowsOf(back).map(key).sort()).toEqual(rows.map(key).sort());
  });
});
