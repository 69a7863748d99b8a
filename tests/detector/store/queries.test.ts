import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../detector/coverage/verdict-types.js';
import { FINDING_COLUMNS } from '../../../detector/findings/finding.js';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { coverageMinutes } from '../../../detector/store/queries/coverage.js';
import { findFindings, listFindings } from '../../../detector/store/queries/findings.js';
import { readVerdictHistory, readVerdicts, writeVerdicts } from '../../../detector/store/queries/verdicts.js';
import { createStore } from '../../../detector/store/store.js';
import { parseAddress } from '../../../flow/address.js';
import { ColumnBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { DAY } from './rows.js';

let folder: string;
let store: ChdbStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-queries-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data') });
  await store.start();
  await store.migrate();
  await store.insertNative('findings', [encodeBlock(findings())], 'findings');
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

/** Two findings, the first in two revisions, and a third that was taken back. */
function findings(): ColumnBatch<typeof FINDING_COLUMNS> {
  const batch = new ColumnBatch(FINDING_COLUMNS);
  const c = batch.columns;
  for (const [id, revision, severity, asset] of [
    ['aa01', 1, 3, 'scan-mv-01'],
    ['aa01', 2, 4, 'scan-mv-01'],
    ['ab02', 1, 1, "it's"],
    ['ac03', 1, 2, 'taken back'],
    ['ac03', 2, 0, 'taken back'],
  ] as const) {
    const row = batch.add();
    c.id[row] = id;
    c.revision[row] = revision;
    c.records[row] = severity === 0 ? 0 : 1; // a last revision without records: withdrawn
    c.severity[row] = severity;
    c.asset.codes[row] = c.asset.dictionary.intern(asset);
    c.fleet.codes[row] = c.fleet.dictionary.intern('scanners');
    c.assetAddress.bytes.set(parseAddress('10.40.10.11'), row * 16);
    c.peerAddress.bytes.set(parseAddress(row === 2 ? '2001:db8::7' : '203.0.113.7'), row * 16);
    c.firstSeen[row] = DAY + 1000;
    c.lastSeen[row] = DAY + 5000 + revision;
    c.windowFrom[row] = DAY;
    c.windowTo[row] = DAY + 86_400_000;
    c.octetsOut[row] = 2 ** 40 + revision;
    c.observed[row] = 0.5;
    c.expected[row] = Number.NaN;
    c.sentence[row] = `revision ${revision}`;
    c.evidence[row] = JSON.stringify([{ sensor: 'core', record: 3 }]);
  }
  return batch;
}

describe('findings', () => {
  it('are listed in their latest revision, worst first, whole', async () => {
    const list = await listFindings(store);
    expect(list.map((finding) => [finding.id, finding.revision, finding.severity])).toEqual([
      ['aa01', 2, 'critical'],
      ['ab02', 1, 'low'],
    ]);
    expect(list[0]).toMatchObject({
      assetAddress: '10.40.10.11',
      peerAddress: '203.0.113.7',
      firstSeenMs: DAY + 1000,
      lastSeenMs: DAY + 5002,
      octetsOut: 2 ** 40 + 2,
      observed: 0.5,
      expected: Number.NaN,
      initiator: 'unknown',
      evidence: [{ sensor: 'core', record: 3 }],
    });
    expect(list[1]!.peerAddress).toBe('2001:db8::7');
  });

  it('are filtered by what they say and when they were seen', async () => {
    const ids = async (filter: Parameters<typeof listFindings>[1]) => (await listFindings(store, filter)).map((finding) => finding.id);
    expect(await ids({ asset: "it's" })).toEqual(['ab02']);
    expect(await ids({ severities: ['critical', 'high'] })).toEqual(['aa01']);
    expect(await ids({ fleet: 'scanners', toMs: DAY })).toEqual([]);
    expect(await ids({ fromMs: DAY + 5002 })).toEqual(['aa01']);
    expect(await ids({ limit: 1 })).toEqual(['aa01']);
    expect(await ids({ claim: "x' OR 1=1 --" })).toEqual([]);
  });

  it('are found by the beginning of their id', async () => {
    expect((await findFindings(store, 'aa')).map((finding) => finding.id)).toEqual(['aa01']);
    expect(await findFindings(store, 'a')).toHaveLength(2);
    expect(await findFindings(store, '%')).toEqual([]);
  });
});

describe('coverage', () => {
  it('is read by minute, sensor and period', async () => {
    const batch = new ColumnBatch(COVERAGE_COLUMNS);
    for (let i = 0; i < 6; i++) {
      const row = batch.add();
      batch.columns.minute[row] = DAY + Math.floor(i / 2) * 60_000;
      batch.columns.sensor.codes[row] = batch.columns.sensor.dictionary.intern(i % 2 === 0 ? 'core' : 'edge');
      batch.columns.exporterIPv6Address.bytes.set(parseAddress('192.0.2.1'), row * 16);
      batch.columns.recordsReceived[row] = i;
      batch.columns.clockOffsetMilliseconds[row] = Number.NaN;
    }
    await store.insertNative('coverage', [encodeBlock(batch)], 'c1');
    await store.insertNative('coverage', [encodeBlock(batch)], 'c2');
    const minutes = await coverageMinutes(store, { fromMs: DAY, toMs: DAY + 120_000, sensors: ['edge'] });
    expect(
      minutes.map((minute) => [
        minute.sensor,
        minute.minute - DAY,
        minute.recordsReceived,
        minute.exporterIPv6Address,
        minute.clockOffsetMilliseconds,
      ]),
    ).toEqual([
      ['edge', 0, 2, '192.0.2.1', Number.NaN],
      ['edge', 60_000, 6, '192.0.2.1', Number.NaN],
    ]);
    expect(await coverageMinutes(store, { fromMs: DAY, toMs: DAY + 600_000 })).toHaveLength(6);
  });
});

describe('verdicts', () => {
  const verdict: Verdict = {
    claimsId: 'port',
    claimsHash: 'h',
    claim: 'c1',
    fleet: 'scanners',
    severity: 'high',
    text: 'The scanners talk only to …',
    fromMs: DAY,
    toMs: DAY + 86_400_000,
    verdict: 'VIOLATED',
    reasons: [{ code: 'violated', about: '', observed: 3, demanded: 0, unit: 'findings', sentence: 'three' }],
    numbers: { recordsJudged: 12 },
    residual: ["Wi-Fi; it's unseen"],
    sentence: 'VIOLATED: three findings',
  };

  const notFinal: Verdict = {
    ...verdict,
    verdict: 'NOT_PROVEN',
    reasons: [{ code: 'not-final', about: '', observed: 0, demanded: 1, unit: 'ms', sentence: 'wait' }],
  };

  it('come back as they were written, the latest of each claim and period', async () => {
    await writeVerdicts(store, [notFinal], DAY);
    await writeVerdicts(store, [verdict, { ...verdict, claim: 'c2' }], DAY + 1);
    await writeVerdicts(store, [verdict, { ...verdict, claim: 'c2' }], DAY + 1);
    expect(await readVerdicts(store)).toEqual([
      { ...verdict, computedMs: DAY + 1 },
      { ...verdict, claim: 'c2', computedMs: DAY + 1 },
    ]);
    expect(await readVerdicts(store, { claim: 'c2', fromMs: DAY })).toHaveLength(1);
    expect(await readVerdicts(store, { toMs: DAY })).toEqual([]);
    expect(await writeVerdicts(store, [], DAY)).toEqual([]);
  });

  it('are amended by what came later, and the first stays for whoever looks', async () => {
    const late = { ...verdict, claim: 'c3', numbers: { recordsJudged: 15 } };
    await writeVerdicts(store, [{ ...notFinal, claim: 'c3' }], DAY);
    await writeVerdicts(store, [{ ...verdict, claim: 'c3' }], DAY + 1);
    expect(await writeVerdicts(store, [{ ...verdict, claim: 'c3' }], DAY + 2)).toEqual([]);
    const [amended] = await writeVerdicts(store, [late], DAY + 3);
    expect(amended?.reasons.map(({ code, observed, demanded }) => [code, observed, demanded])).toEqual([
      ['violated', 3, 0],
      ['late-data', 15, 12],
    ]);
    expect(await writeVerdicts(store, [late], DAY + 4)).toEqual([]);
    expect(await readVerdicts(store, { claim: 'c3' })).toEqual([{ ...amended, computedMs: DAY + 3 }]);
    expect(await readVerdictHistory(store, { claim: 'c3' })).toEqual([
      { ...verdict, claim: 'c3', computedMs: DAY + 1 },
      { ...amended, computedMs: DAY + 3 },
    ]);
  });
});
