import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { joined } from '../../../detector/baseline/state.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { createClaimEngines } from '../../../detector/engine/engine-set.js';
import { createFileSnapshotStore } from '../../../detector/engine/snapshot-file.js';
import { loadedSnapshots } from '../../support/loaded-snapshots.js';
import { batchOf, claimsOf, flagsOf, type Row } from '../support/rows.js';

/* A state of many assets is written part by part, so that it is never held twice; what comes back is the whole of it. */

const ASSETS = 100;
const members = Array.from({ length: ASSETS }, (_, n) => `{ name: m-${n}, ip: ["10.60.0.${n + 1}"] }`);
const claims = claimsOf(`
version: 1
id: many
owner: somebody@site.example
timezone: UTC
fleets: { machines: { vendor: "Machine-like", site: "here", members: [${members.join(', ')}] } }
sensors: { tap: { kind: ipfix, exporter: "10.99.0.254", sees: [north-south] } }
claims:
  - { id: silent, text: "The machines talk to nobody.", subject: machines, severity: low, assert: { only: [] }, coverage: { sensors: [tap], time: "1%", max_gap: P1D } }
`);
const versions = [claimVersion(claims)];
const FROM_MS = Date.parse('2026-12-03T10:00:00Z');
const rows = Array.from({ length: 3 * ASSETS }, (_, n): Row => {
  const startMs = FROM_MS + n * 500;
  const source = `10.60.0.${(n % ASSETS) + 1}`;
  return {
    startMs,
    endMs: startMs + 100,
    source,
    destination: '198.51.100.9',
    sourcePort: 40_000 + n,
    destinationPort: 443,
    protocol: 6,
    octets: 900,
    flags: flagsOf('SA'),
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('parts are the snapshot, of one claim set as of several, and several are made one after the other', () => {
  for (const make of [() => createEngine({ claims }), () => createClaimEngines(() => versions)]) {
    const engine = make();
    engine.ingest(batchOf(claims, rows));
    const whole = joined(engine.snapshotParts());
    expect(Math.max(...Array.from(engine.snapshotParts(), ({ length }) => length))).toBeLessThan(whole.length / 2);
    const again = make();
    expect(again.restore(whole)).toBeUndefined();
    expect(Buffer.from(again.snapshot()).equals(Buffer.from(whole))).toBe(true);
    expect(again.findings()).toEqual(engine.findings());
    expect(engine.findings().length).toBe(ASSETS);
  }
});

it('a state comes back from parts cut anywhere, each of which is used again when the next is asked for', () => {
  for (const make of [() => createEngine({ claims }), () => createClaimEngines(() => versions)]) {
    const engine = make();
    engine.ingest(batchOf(claims, rows));
    const whole = engine.snapshot();
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 300, max: 3000 })), { minLength: 1, maxLength: 20 }), (lengths) => {
        const again = make();
        expect(again.restore(reusing(whole, lengths))).toBeUndefined();
        expect(Buffer.from(again.snapshot()).equals(Buffer.from(whole))).toBe(true);
      }),
      { numRuns: 5 },
    );
  }
});

it('parts that are cut short, altered or too many are refused, and the engine is as new', () => {
  for (const make of [() => createEngine({ claims }), () => createClaimEngines(() => versions)]) {
    const engine = make();
    engine.ingest(batchOf(claims, rows));
    const whole = engine.snapshot();
    const altered = whole.slice();
    altered[altered.length - 40]! ^= 1;
    for (const bytes of [whole.subarray(0, 10), whole.subarray(0, whole.length - 50), whole.subarray(0, whole.length - 5), altered]) {
      const again = make();
      expect(again.restore(reusing(bytes, [1000]))).toMatch(/checksum|too early|cut short|holds nothing/);
      expect([again.units, again.findings()]).toEqual([0, []]);
      again.ingest(batchOf(claims, rows));
      expect(again.findings()).toEqual(engine.findings());
    }
  }
});

it('the file before is opened only when the newest cannot be used', async () => {
  const store = createFileSnapshotStore(folder);
  for (const offset of [5, 9]) await store.save('log', 0, { offset, bytes: Uint8Array.of(offset) });
  for await (const { offset, parts } of store.load('log', 0)) {
    expect([offset, ...joined(parts)]).toEqual([9, 9]);
    rmSync(folder, { recursive: true });
    break;
  }
});

/** The bytes in parts of these lengths, again and again, all in the same memory. */
function* reusing(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  const memory = new Uint8Array(3000);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    // A part may be empty; a row of them may not go on for ever.
    const length = lengths[turn % lengths.length]! || (turn % 3 === 0 ? 700 : 0);
    const part = memory.subarray(0, Math.min(length, bytes.length - at));
    part.set(bytes.subarray(at, at + part.length));
    yield part;
    at += part.length;
  }
}

it('a file takes each part before the next is made, and gives back all of them', async () => {
  const store = createFileSnapshotStore(folder);
  const steps: string[] = [];
  function* parts(): Generator<Uint8Array> {
    for (const octet of [1, 2, 3]) {
      const part = Uint8Array.of(octet, octet);
      steps.push(`made ${octet}`);
      yield part;
      // Whoever asks for the next has done with this one: it may be used again.
      part.fill(9);
    }
  }
  await store.save('log', 0, { offset: 7, bytes: parts() });
  expect(steps).toEqual(['made 1', 'made 2', 'made 3']);
  expect(await loadedSnapshots(store, 'log', 0)).toEqual([{ offset: 7, bytes: Uint8Array.of(1, 1, 2, 2, 3, 3) }]);
});

it('a file that is altered anywhere, cut or empty is no snapshot', async () => {
  const store = createFileSnapshotStore(folder);
  await store.save('log', 0, { offset: 7, bytes: Uint8Array.of(1, 2, 3) });
  const path = join(folder, readdirSync(folder)[0]!);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at++) {
    const altered = Buffer.from(whole);
    altered[at]! ^= 1;
    writeFileSync(path, altered);
    expect(await loadedSnapshots(store, 'log', 0)).toEqual([]);
  }
  for (const length of [0, 5, 33, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length));
    expect(await loadedSnapshots(store, 'log', 0)).toEqual([]);
  }
  writeFileSync(path, whole);
  expect(await loadedSnapshots(store, 'log', 0)).toHaveLength(1);
});
