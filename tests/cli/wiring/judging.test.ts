import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgeStored, periodsToJudge, rangesAsked, storedStretches } from '../../../cli/wiring/judging.js';
import type { ExampleRow } from '../../../detector/detections/detection.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { createStore } from '../../../detector/store/store.js';
import { KEEP_FOREVER } from '../../../detector/store/store-types.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../flow/time.js';
import { batchOf, claimsOf, exampleRows } from '../../detector/support/rows.js';

/*
 * What is judged of a store that holds records of several years, as captures put together from others leave it, and one record of a clock that stood at the epoch.
 */
const path = mkdtempSync(join(tmpdir(), 'cordon-judging-test-'));
const store = createStore({ kind: 'chdb', path: join(path, 'store'), retention: KEEP_FOREVER });
const claims = claimsOf(exampleClaims('{ never: [ { peer: { internet: true } } ] }'));

const session = (at: string): ExampleRow => ({ at, from: '10.40.10.11 40000', to: '10.40.30.10 445', protocol: 'tcp', octets: 1000 });

async function stored(...times: readonly string[]): Promise<void> {
  const rows = times.flatMap((at) => exampleRows([session(at)]));
  await store.insertNative('flows', [encodeBlock(batchOf(claims, rows))], times.join(' '));
}

beforeAll(async () => {
  await store.start();
  await store.migrate();
  await stored('1970-01-03T00:00:10Z', '2015-10-20T07:09:33Z', '2015-11-10T12:00:00Z', '2026-11-19T10:00:00Z', '2026-11-20T10:00:00Z');
});
afterAll(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

test('a pause of more than four weeks parts what is stored into stretches', async () => {
  const at = (text: string): number => Date.parse(text);
  expect(await storedStretches(store, claims)).toEqual([
    { fromMs: at('1970-01-03T00:00:00Z'), toMs: at('1970-01-03T00:01:00Z') },
    { fromMs: at('2015-10-20T07:09:00Z'), toMs: at('2015-11-10T12:01:00Z') },
    { fromMs: at('2026-11-19T10:00:00Z'), toMs: at('2026-11-20T10:01:00Z') },
  ]);
});

test('verdicts are of the periods of stretches, with the silent ones inside, and of nothing between', async () => {
  const told: string[] = [];
  const ranges = rangesAsked(await storedStretches(store, claims), {});
  const verdicts = await judgeStored(store, claims, ranges, Number.POSITIVE_INFINITY, (sentence) => told.push(sentence));
  const days = [...new Set(verdicts.map(({ fromMs }) => new Date(fromMs + 12 * HOUR_MS).toISOString().slice(0, 10)))];
  expect(days).toHaveLength(1 + 22 + 2);
  expect(days.slice(0, 3)).toEqual(['1970-01-03', '2015-10-20', '2015-10-21']);
  expect(days.slice(-2)).toEqual(['2026-11-19', '2026-11-20']);
  expect(told).toEqual([]);
});

test('who asks from when until when asks for the time between too; of more than 400 periods the latest are judged, and the others counted', async () => {
  const stretches = await storedStretches(store, claims);
  const until = stretches.at(-1)!.toMs;
  expect(rangesAsked(stretches, { fromMs: 0 })).toEqual([{ fromMs: 0, toMs: until }]);
  expect(rangesAsked(stretches, { toMs: DAY_MS })).toEqual([]);
  expect(rangesAsked([], {})).toEqual([]);
  expect(rangesAsked([], { fromMs: 0, toMs: MINUTE_MS })).toEqual([{ fromMs: 0, toMs: MINUTE_MS }]);
  const { judged, leftOut } = periodsToJudge(claims, rangesAsked(stretches, { fromMs: until - 410 * DAY_MS }));
  expect(judged).toHaveLength(400);
  expect(judged.at(-1)!.toMs).toBeGreaterThan(until);
  expect(leftOut).toBe(11);
  // A day that two stretches share is judged once.
  const twice = { fromMs: until - HOUR_MS, toMs: until };
  expect(periodsToJudge(claims, [{ fromMs: until - 2 * HOUR_MS, toMs: until - HOUR_MS }, twice]).judged).toHaveLength(1);
});
