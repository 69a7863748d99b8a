import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { compileTexts } from '../../../detector/claims/load.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { readClaimWindows, writeClaimWindows } from '../../../detector/store/queries/claim-windows.js';
import { createStore } from '../../../detector/store/store.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { DAY_MS } from '../../../flow/time.js';

const scenario = join(packageRoot(), 'fixtures', 'scenarios', 'billing-cluster');
const EXCEPTION = `
exceptions:
  - id: licence-renewal
    claim: no-direct-vendor
    match: { peer: { cidr: ["203.0.113.64/28"] }, ports: [tcp/443] }
    reason: "licence renewal by hand"
    ticket: CHG-9
    owner: ciso@telco.example
    approved_by: p.devries@telco.example
    from: 2026-12-03
    expires: 2026-12-05
`;

let folder: string;
let store: ChdbStore;
let text: string;
let approvals: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-windows-'));
  store = createStore({ kind: 'chdb', path: join(folder, 'data') });
  await store.start();
  await store.migrate();
  text = await readFile(join(scenario, 'claims.yaml'), 'utf8');
  approvals = await readFile(join(scenario, 'approvals.jsonl'), 'utf8');
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => store.command('TRUNCATE TABLE claim_windows'));

function compiled(claims = text, granted = approvals): CompiledClaims {
  return compileTexts([{ file: 'claims.yaml', text: claims }], { file: 'approvals.jsonl', text: granted }).compilation.claims;
}

/** 2026-12-03 in Amsterdam, hh:mm. */
const at = (time: string): number => Date.parse(`2026-12-03T${time}+01:00`);
const period = { fromMs: at('00:00'), toMs: at('00:00') + DAY_MS };

async function stored(claims: CompiledClaims): Promise<(string | number)[][]> {
  const clock = (ms: number): string => new Date(ms).toISOString().slice(5, 16);
  return (await readClaimWindows(store, claims.id, period)).map(({ claim, window, effect, fromMs, toMs, ticket, approvedBy, ports }) => [
    ...[claim, window, effect, clock(fromMs), clock(toMs), ticket, approvedBy, ports],
  ]);
}

const TICKET = ['vendor-ticket', 'allows', '12-03T12:00', '12-03T16:00', 'CHG-4711', 'p.devries@telco.example', '[[6,22,22]]'];
const BATCH = ['night-batch', 'allows', '12-02T23:30', '12-03T04:00', '', '', '[[6,5432,5432]]'];

describe('the windows of a judged period', () => {
  it('are stored with their tickets, peers and ports, once', async () => {
    const claims = compiled();
    expect(await writeClaimWindows(store, claims, period, 1)).toBe(4);
    expect(await writeClaimWindows(store, claims, period, 2)).toBe(0);
    expect(await stored(claims)).toEqual([
      ['batch-only-at-night', ...BATCH],
      ['closed-cluster', ...BATCH],
      ['closed-cluster', ...TICKET],
      ['strict-access', ...TICKET],
    ]);
    const [first] = await readClaimWindows(store, claims.id, period);
    expect(first).toMatchObject({ claimsHash: claims.hash, fleet: 'billing-db', kind: 'window', rule: 0, periodFromMs: period.fromMs });
    expect(JSON.parse(first!.peers)).toEqual([['10.70.20.0', '10.70.20.255']]);
  });

  it('say that a window did not open, whose peers are then outside at any time', async () => {
    const claims = compiled(text, '');
    await writeClaimWindows(store, claims, period, 1);
    expect((await stored(claims)).at(-1)).toEqual([
      ...['strict-access', 'vendor-ticket', 'allows', '12-02T23:00', '12-02T23:00', '', '', '[[6,22,22]]'],
    ]);
  });

  it('are those of the claims that the period is judged by: what others had is withdrawn', async () => {
    await writeClaimWindows(store, compiled(text, ''), period, 1);
    await writeClaimWindows(store, compiled(), period, 2);
    expect(await stored(compiled())).toEqual([
      ['batch-only-at-night', ...BATCH],
      ['closed-cluster', ...BATCH],
      ['closed-cluster', ...TICKET],
      ['strict-access', ...TICKET],
    ]);
  });

  it('end where other claims come into force, and begin there', async () => {
    const claims = compiled();
    await writeClaimWindows(store, claims, period, 1);
    const changed = compiled(`${text}\n# another version\n`);
    for (const { claims: version } of [claimVersion(claims, undefined, at('14:00')), claimVersion(changed, at('14:00'))]) {
      await writeClaimWindows(store, version, version.periodOf(at('14:00') - (version.hash === claims.hash ? 1 : 0)), 2);
    }
    const rows = await stored(claims);
    expect(rows.filter(([claim]) => claim === 'strict-access').map((row) => row.slice(3, 5))).toEqual([
      ['12-03T12:00', '12-03T13:00'],
      ['12-03T13:00', '12-03T16:00'],
    ]);
  });

  it('hold exceptions, with their tickets', async () => {
    const claims = compiled(`${text}${EXCEPTION}`);
    await writeClaimWindows(store, claims, period, 1);
    expect((await stored(claims)).find(([, window]) => window === 'licence-renewal')).toEqual([
      ...[
        'no-direct-vendor',
        'licence-renewal',
        'allows',
        '12-02T23:00',
        '12-04T23:00',
        'CHG-9',
        'p.devries@telco.example',
        '[[6,443,443]]',
      ],
    ]);
  });
});
