import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ClaimsInForce, openClaims, versionsKnown } from '../../../cli/wiring/claim-reload.js';
import { loadClaimSets } from '../../../cli/wiring/claim-sets.js';
import { loadClaims } from '../../../detector/claims/load.js';
import { parseAddress } from '../../../flow/address.js';
import { MINUTE_MS } from '../../../flow/time.js';
import { TRAFFIC_CLAIMS } from '../../detector/support/traffic.js';

/*
 * A claim file that changes while a process runs: a good one takes effect at a stated record time, a wrong one changes nothing and says so, and a restart
 * knows what was in force when.
 */

const ALWAYS = Number.NEGATIVE_INFINITY;
/** 2026-12-03T10:00:30Z by the records; the clock of the machine is a little ahead. */
const NEWEST = Date.UTC(2026, 11, 3, 10, 0, 30);
const NEXT_MINUTE = Date.UTC(2026, 11, 3, 10, 1);
const changed = (text: string): string => text.replace('tcp/445', 'tcp/446');

let folder: string;
let file: string;
let newestMs: number;
let told: { level: string; about: object; sentence: string }[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-claims-'));
  file = join(folder, 'site.claims.yaml');
  writeFileSync(file, TRAFFIC_CLAIMS);
  newestMs = NEWEST;
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tell =
  (level: string) =>
  (about: object, sentence: string): void =>
    void told.push({ level, about, sentence });
const log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') };

function open(shared = false): ClaimsInForce {
  const sources = [{ file, approvals: undefined }];
  return openClaims({
    sources,
    loaded: loadClaimSets(sources),
    data: folder,
    log,
    now: () => NEWEST + 5000,
    newestStartMs: () => newestMs,
    shared,
  });
}

const times = (claims: ClaimsInForce): (readonly [string, number, number])[] =>
  claims.versions().map(({ claims: { hash }, fromMs, untilMs }) => [hash, fromMs, untilMs] as const);
const hashOf = (text: string): string => {
  const path = join(folder, 'other.yaml');
  writeFileSync(path, text);
  return loadClaims(path).claims.hash;
};
const [A, B] = [() => hashOf(TRAFFIC_CLAIMS), () => hashOf(changed(TRAFFIC_CLAIMS))];

describe('a claim file that changes', () => {
  it('takes effect at the next full minute after the newest record, once it looks the same twice', () => {
    const claims = open();
    const before = claims.versions();
    claims.look(true);
    expect(claims.versions()).toBe(before);
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    claims.look(true);
    expect(claims.versions()).toBe(before);
    claims.look(true);
    expect(times(claims)).toEqual([
      [A(), ALWAYS, NEXT_MINUTE],
      [B(), NEXT_MINUTE, Number.POSITIVE_INFINITY],
    ]);
    expect(claims.status()).toEqual({ rejected: [], inForce: [{ id: 'traffic', file, hash: B(), fromMs: NEXT_MINUTE }] });
    expect(told).toContainEqual({
      level: 'info',
      about: { file, from: '2026-12-03T10:01:00.000Z', hash: B(), before: A() },
      sentence: 'changed claims take effect',
    });
    const again = claims.versions();
    claims.look(true);
    expect(claims.versions()).toBe(again);
  });

  it('takes effect at its effective.from where that lies ahead, and can be taken back until then', () => {
    const claims = open();
    writeFileSync(file, changed(TRAFFIC_CLAIMS).replace('from: "2026-01-01"', 'from: "2026-12-10"'));
    claims.look(false);
    // Midnight in Amsterdam.
    expect(claims.versions().map(({ fromMs }) => fromMs)).toEqual([ALWAYS, Date.UTC(2026, 11, 9, 23)]);
    writeFileSync(file, TRAFFIC_CLAIMS);
    claims.look(false);
    expect(claims.versions().map(({ claims: { hash }, fromMs }) => [hash, fromMs])).toEqual([
      [A(), ALWAYS],
      [A(), NEXT_MINUTE],
    ]);
  });

  it('is not put off by a record from the future: that clock is wrong', () => {
    newestMs = Date.UTC(2038, 0, 19);
    const claims = open();
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    claims.look(false);
    expect(claims.versions().at(-1)!.fromMs).toBe(NEXT_MINUTE + MINUTE_MS);
  });

  it('that is wrong changes nothing, is told once, and is taken as soon as it is right', () => {
    const claims = open();
    const before = claims.versions();
    writeFileSync(file, changed(TRAFFIC_CLAIMS).replaceAll('severity: high', 'severity: hihg'));
    for (let look = 0; look < 5; look++) claims.look(true);
    expect(claims.versions()).toBe(before);
    const [rejected] = claims.status().rejected;
    expect(rejected).toMatchObject({ file, sinceMs: NEWEST + 5000, more: 0 });
    expect(rejected!.problems.join('\n')).toMatch(/site\.claims\.yaml:\d+:\d+: .*hihg/);
    expect(claims.status().inForce[0]!.hash).toBe(A());
    expect(told.filter(({ level }) => level === 'error')).toHaveLength(1);
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    claims.look(false);
    expect(claims.status().rejected).toEqual([]);
    expect(claims.status().inForce[0]!.hash).toBe(B());
  });

  it.each([
    ['is gone', (): void => rmSync(file), /cannot be read/],
    ['is empty, as an editor leaves it for a moment', (): void => writeFileSync(file, ''), /./],
    ['is another claim set', (): void => writeFileSync(file, TRAFFIC_CLAIMS.replace('id: traffic', 'id: other')), /restart/],
  ])('that %s changes nothing', (_what, damage, problem) => {
    const claims = open();
    const before = claims.versions();
    damage();
    claims.look(false);
    expect(claims.versions()).toBe(before);
    expect(claims.status().rejected[0]!.problems.join('\n')).toMatch(problem);
    writeFileSync(file, TRAFFIC_CLAIMS);
    claims.look(false);
    expect(claims.status().rejected).toEqual([]);
    expect(claims.versions()).toBe(before);
  });

  it('files each record under the assets of its time', () => {
    const claims = open();
    const address = parseAddress('10.40.10.13');
    const before = claims.watched();
    writeFileSync(file, TRAFFIC_CLAIMS.replace('{ name: scan-02, ip: ["10.40.10.12"] }', '{ name: scan-03, ip: ["10.40.10.13"] }'));
    claims.look(false);
    const watched = claims.watched();
    expect(watched).not.toBe(before);
    const nameAt = (ms: number, text: Uint8Array): string | undefined => watched.assets[watched.at(ms).assetOf(text, 0)]?.name;
    expect(nameAt(NEXT_MINUTE - 1, address)).toBeUndefined();
    expect(nameAt(NEXT_MINUTE, address)).toBe('scan-03');
    expect(nameAt(NEXT_MINUTE - 1, parseAddress('10.40.10.12'))).toBe('scan-02');
    expect(nameAt(NEXT_MINUTE, parseAddress('10.40.10.12'))).toBeUndefined();
    const scan01 = parseAddress('10.40.10.11');
    expect(watched.at(0).assetOf(scan01, 0)).toBe(watched.at(NEXT_MINUTE).assetOf(scan01, 0));
  });
});

describe('the history of the claims', () => {
  it('survives a restart: the same versions at the same times, with their texts for auditors', () => {
    const claims = open();
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    claims.look(false);
    expect(times(open())).toEqual(times(claims));
    expect(readFileSync(join(folder, 'claims', A(), 'claims.yaml'), 'utf8')).toBe(TRAFFIC_CLAIMS);
    const known = versionsKnown(folder, loadClaims(file).claims, { file, approvals: undefined }, expect.fail);
    expect(known.map(({ claims: { hash, effectiveFromMs, effectiveUntilMs } }) => [hash, effectiveFromMs, effectiveUntilMs])).toEqual([
      [A(), Date.UTC(2025, 11, 31, 23), NEXT_MINUTE],
      [B(), NEXT_MINUTE, Number.POSITIVE_INFINITY],
    ]);
  });

  it('goes on with what was in force when the file was changed while nothing ran; the change takes effect with the first look', () => {
    open();
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    const claims = open();
    expect(times(claims)).toEqual([[A(), ALWAYS, Number.POSITIVE_INFINITY]]);
    claims.look(true);
    expect(times(claims).map(([hash]) => hash)).toEqual([A(), B()]);
  });

  it('passes over a line that a crash cut short: it never took effect', () => {
    open();
    appendFileSync(join(folder, 'claims', 'activations.jsonl'), '{"id":"traffic","hash":"');
    const claims = open();
    expect(times(claims)).toEqual([[A(), ALWAYS, Number.POSITIVE_INFINITY]]);
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    claims.look(false);
    expect(times(open())).toEqual(times(claims));
  });

  it('knows nothing of a file that never was in force: that is judged for all time', () => {
    open();
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    const known = versionsKnown(folder, loadClaims(file).claims, { file, approvals: undefined }, expect.fail);
    expect(known.map(({ fromMs, untilMs }) => [fromMs, untilMs])).toEqual([[ALWAYS, Number.POSITIVE_INFINITY]]);
  });

  it('is shared by processes with one data folder: the first of them says when', () => {
    const [collects, judges] = [open(true), open(true)];
    writeFileSync(file, changed(TRAFFIC_CLAIMS));
    newestMs = NEWEST + MINUTE_MS / 3;
    collects.look(false);
    newestMs = NEWEST - MINUTE_MS;
    judges.look(false);
    expect(times(judges)).toEqual(times(collects));
  });
});
