import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadClaims } from '../../../detector/claims/load.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { REPORT_LIMITS, type ReportFigures, type ReportQuestion } from '../../../detector/report/figures.js';
import { type KnownVersion, readReport } from '../../../detector/report/read.js';
import { figuresJson, renderReport } from '../../../detector/report/render.js';
import { createHttpFront } from '../../../detector/store/http-front/http-front.js';
import { createStore } from '../../../detector/store/store.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { HOUR_MS } from '../../../flow/time.js';
import { DAY, sampleFinding } from '../../dashboards/support/sample-data.js';
import { openSampleStore, type SampleStore } from '../../dashboards/support/sample-store.js';
import { HOSTILE_NAMES, LONG_NAME, UNSHOWABLE } from '../../support/hostile-names.js';

/** Many findings of one claim: what must be counted and not be printed. */
const MANY = 10_000;
const scanners = loadClaims(join(packageRoot(), 'fixtures/scenarios/port-scanners/claims.yaml')).claims;
const known: KnownVersion[] = [{ version: claimVersion(scanners), files: [{ name: 'claims.yaml', sha256: 'a'.repeat(64) }] }];
const question: ReportQuestion = { fromMs: DAY, toMs: DAY + 24 * HOUR_MS };

let sample: SampleStore;
let whole: ReportFigures;
let page: string;
beforeAll(async () => {
  const many = Array.from({ length: MANY }, (_, index) =>
    sampleFinding({
      id: `m${index}`,
      claim: 'flooded',
      fleet: 'flood',
      asset: `a${index % 7}`,
      severity: index === 4321 ? 'critical' : 'low',
      sentence: `no. ${index}`,
    }),
  );
  const hostile = HOSTILE_NAMES.map(({ text }, index) =>
    sampleFinding({ id: `h${index}`, claim: text, fleet: text, asset: text, rule: text, sentence: text, severity: 'high' }),
  );
  // Of a claim that nobody has computed the verdict of.
  const early = ['u1', 'u2'].map((id) =>
    sampleFinding({ id, claim: 'not-judged-yet', fleet: 'early', severity: 'critical', sentence: `early ${id}` }),
  );
  const verdict = {
    claimsHash: 'h',
    severity: 'info',
    periodFrom: DAY,
    periodTo: DAY + 24 * HOUR_MS,
    verdict: 'VIOLATED',
    reasons: '[]',
    numbers: '{}',
    revision: 3,
  };
  sample = await openSampleStore({
    guests: 1,
    findings: [...many, ...hostile, ...early],
    verdicts: [
      {
        ...verdict,
        ...{ claimsId: 'flood', claim: 'flooded', fleet: 'flood', text: 'no flood', residual: '[]' },
        // Two assets for a day, blind for seven seconds and a half.
        numbers: JSON.stringify({ assetMinutes: 2880, assetMinutesObserved: 2879, observedShare: 0.999914, longestBlindMs: 7430 }),
      },
      ...HOSTILE_NAMES.map(({ text }) => ({
        ...verdict,
        claimsId: text,
        claim: text,
        fleet: text,
        text,
        sentence: text,
        residual: JSON.stringify([text]),
      })),
      {
        ...verdict,
        ...{ claimsId: 'flood', claim: 'flooded', fleet: 'flood', verdict: 'NOT_PROVEN', text: 'no flood', residual: '[]' },
        ...{ periodFrom: DAY + 23 * HOUR_MS, reasons: JSON.stringify([{ code: 'outside-effective-period', about: '' }]) },
      },
      // As if somebody had changed the word in the database.
      {
        ...verdict,
        claimsId: scanners.id,
        claimsHash: scanners.hash,
        claim: 'closed-network',
        fleet: 'scanners',
        verdict: 'VERIFIED',
        text: 'closed',
        residual: '[]',
      },
    ],
  });
  whole = await read();
  page = renderReport(whole);
});
afterAll(() => sample?.close());

const read = (asked: ReportQuestion = question): Promise<ReportFigures> => readReport(sample.store, asked, known);
const claimOf = (figures: ReportFigures, id: string) => figures.claims.find(({ claim }) => claim === id)!;

test('figures tell verdicts, what was not seen, exceptions, drills and violations of each claim', () => {
  const figures = whole;
  const zone = claimOf(figures, 'no-interception-zone');
  expect(zone).toMatchObject({
    counts: { VIOLATED: 0, NOT_PROVEN: 1, VERIFIED: 0 },
    seen: { recordsLost: 720, longestBlindMs: 2_460_000, hideableOctets: 64_000, blind: null },
    residual: ['a modem in the cabinet', 'removable media'],
    drills: [{ about: 'nightly', flows: 3 }],
  });
  expect(claimOf(figures, 'vendor-by-bastion')).toMatchObject({
    exceptions: [{ about: 'EX-2026-4', flows: 2, octets: 40_000 }],
    violations: { total: 1 },
  });
  const [worst] = claimOf(figures, 'scanners-closed').violations.listed;
  expect(worst).toMatchObject({ severity: 'critical', id: 'f2' });
  expect(figures.telemetry.exporters.map(({ sensor }) => sensor)).toContain('dc-core');
  expect(figures.telemetry.volumes.map(({ fleet }) => fleet)).toContain('billing');
});

test('what breaks a claim before its verdict is computed is told as that, on the first page and by itself', async () => {
  expect(whole.unjudged).toMatchObject({
    total: 2,
    bySeverity: { critical: 2 },
    claims: [{ claim: 'not-judged-yet', fleet: 'early', findings: 2 }],
  });
  expect(whole.unjudged.listed.map(({ id }) => id)).toEqual(['u1', 'u2']);
  expect(page.indexOf('2 findings</a> of this period break 1 claim without a verdict yet')).toBeLessThan(page.indexOf('id="summary"'));
  expect(page).toContain('early u2');
  // Of a claim with a verdict nothing is told twice.
  expect(whole.claims.map(({ claim }) => claim)).not.toContain('not-judged-yet');
  const judged = await read({ ...question, claim: 'flooded' });
  expect(judged.unjudged).toEqual({ total: 0, bySeverity: {}, listed: [], claims: [] });
  expect(renderReport(judged)).not.toContain('without a verdict');
});

test('decisions stand by the findings they are about, and in the trail, with what was taken back', async () => {
  const figures = whole;
  const first = claimOf(figures, 'scanners-closed').violations.listed.find(({ id }) => id === 'f1')!;
  expect(first.standing).toBe('acknowledged by analyst-a');
  expect(first.evidence[0]).toMatchObject({ communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=' });
  expect(figures.trail.decisions.map(({ verb, takenBack }) => [verb, takenBack])).toContainEqual(['acknowledge', true]);
  expect(figures.beyond).toMatchObject({ total: 1, byDetection: [{ detection: 'D03-volume-up', findings: 1, assets: 1 }] });
  // The finding is of before, and goes on: what was decided of it belongs to it.
  const later = await read({ ...question, fromMs: DAY + 15.5 * HOUR_MS });
  expect(later.trail.decisions.map(({ verb }) => verb)).toEqual(['noise', 'revoke']);
  const early = await read({ ...question, asOfMs: DAY + HOUR_MS });
  expect([early.asOf, early.trail.decisions, claimOf(early, 'scanners-closed').violations.listed.map(({ standing }) => standing)]).toEqual([
    { ms: DAY + HOUR_MS, by: 'argument' },
    [],
    ['open', 'open', 'open'],
  ]);
});

test('verdicts are computed anew where the claim file is at hand; one that was changed in the store is told', () => {
  const figures = whole;
  expect(figures.recomputed.differences).toEqual([
    { claim: 'closed-network', fleet: 'scanners', fromMs: DAY, stored: 'VERIFIED', anew: 'NOT_PROVEN' },
  ]);
  expect(page).toContain('came out differently');
  expect(claimOf(figures, 'closed-network').declared).toMatchObject({ kind: 'only', sensors: ['border-fw'] });
  expect(figures.claimFiles.find(({ id }) => id === scanners.id)).toMatchObject({ files: known[0]!.files, hash: scanners.hash });
});

test('the same store and question give the same bytes, and the page names the sha256 of its figures', async () => {
  const [one, two] = [whole, await read()];
  expect(page).toBe(renderReport(two));
  // Figures travel as JSON where another process has the store: nothing is lost on the way.
  expect(JSON.parse(figuresJson(one))).toEqual(one);
  expect(renderReport(JSON.parse(figuresJson(one)) as ReportFigures)).toBe(page);
  expect(page).toContain(createHash('sha256').update(figuresJson(one)).digest('hex'));
});

test('a database that is reached over HTTP gives the same figures', async () => {
  const front = createHttpFront({ store: sample.store, username: 'reader', password: 'secret', port: 0, allowWrites: true });
  const { url } = await front.start();
  const server = createStore({ kind: 'server', url, username: 'reader', password: 'secret' });
  try {
    await server.start();
    const asked = { ...question, fleet: 'billing' };
    expect(await readReport(server, asked, known)).toEqual(await read(asked));
  } finally {
    await server.close();
    await front.stop();
  }
});

test('ten thousand violations are counted, the gravest are printed, and the page says so', async () => {
  const figures = await read({ ...question, claim: 'flooded' });
  const { violations } = claimOf(figures, 'flooded');
  expect(violations).toMatchObject({ total: MANY, bySeverity: { critical: 1, low: MANY - 1 } });
  expect(violations.listed.length).toBe(REPORT_LIMITS.findingsOfClaim);
  expect(violations.listed[0]!.sentence).toBe('no. 4321');
  const one = renderReport(figures);
  expect(one).toContain('10 000 findings');
  expect(one).toContain(`The ${REPORT_LIMITS.findingsOfClaim} gravest, then earliest, are shown`);
  expect(Buffer.byteLength(one)).toBeLessThan(200_000);
});

test('what was observed is told to the second, as the verdict tells it, and not in whole asset-minutes', async () => {
  const figures = await read({ ...question, claim: 'flooded' });
  const { seen } = claimOf(figures, 'flooded');
  expect(seen.observedShare).toBeCloseTo(0.999914, 9);
  // In whole asset-minutes it would be 99.96 %, beside verdicts that say 99.99 %.
  expect(renderReport(figures)).toContain('0.25 of 2 880 asset-minutes (99.99 % were observed)');
});

test('a period in which the claim was not in force is told and counts for nothing', async () => {
  const figures = await read({ ...question, claim: 'flooded' });
  expect(claimOf(figures, 'flooded')).toMatchObject({ counts: { VIOLATED: 1, NOT_PROVEN: 0, VERIFIED: 0 }, notInForce: 1 });
  expect(renderReport(figures)).toContain('In 1 period the claim was not in force');
});

test('a fleet or claim chooses; a name that nothing goes by is refused with those that there are', async () => {
  expect((await read({ ...question, fleet: 'billing' })).claims.map(({ fleet }) => fleet)).toEqual(['billing', 'billing', 'billing']);
  await expect(read({ ...question, claim: 'closed-netwrok' })).rejects.toThrow(
    /no verdict of that period is about claim 'closed-netwrok'; .*closed-network/,
  );
});

test('a period without anything says that nothing is proven', async () => {
  const figures = await read({ period: '2020-01' });
  expect(figures.claims).toEqual([]);
  expect(renderReport(figures)).toContain('Nothing is proven');
});

test('the page runs and loads nothing: no script, no address, no style of an element, a policy that forbids the rest', () => {
  const tags = [...page.matchAll(/<([a-z][a-z0-9]*)\b([^>]*)>/g)].map(([, tag, attributes]) => ({ tag, attributes: attributes! }));
  expect(page.replaceAll('\n', '')).not.toMatch(UNSHOWABLE);
  expect(tags.filter(({ tag }) => tag === 'style').length).toBe(1);
  expect(tags.filter(({ tag }) => ['script', 'img', 'iframe', 'link', 'object', 'form', 'base', 'image', 'use'].includes(tag!))).toEqual(
    [],
  );
  const names = new Set(tags.flatMap(({ attributes }) => [...attributes.matchAll(/ ([a-zA-Z:-]+)="[^"]*"/g)].map(([, name]) => name!)));
  for (const forbidden of ['style', 'src', 'srcset', 'onload', 'onerror', 'xlink:href']) expect(names).not.toContain(forbidden);
  const targets = [...page.matchAll(/ href="([^"]*)"/g)].map(([, target]) => target!);
  expect(targets.every((target) => /^#(claim-\d+|unjudged)$/.test(target))).toBe(true);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  expect(page).toContain(`default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
});

test.each(HOSTILE_NAMES)('a name that tries $tries is text in the page', ({ text }) => {
  const plain = visible(text);
  // As claim, fleet, asset, rule, sentence, residual channel.
  expect(page.split(plain).length).toBeGreaterThan(6);
});

/** As the page must have it, written without the page's own code. */
function visible(text: string): string {
  const cut = text === LONG_NAME ? `${text.slice(0, 2000)}… (${text.length - 2000} more characters)` : text;
  const codes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return [...cut]
    .map(
      (character) =>
        codes[character] ?? (/[\p{Cc}\p{Cf}\u2028]/u.test(character) ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character),
    )
    .join('');
}
