import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { locationOf } from '../../../detector/claims/location/location.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { batchOf, claimsOf, type Row } from '../support/rows.js';
import { asBiflow, asSplit, asUniflows, type Exchange, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

/** The random traffic's claims, with peers by name, MAC address and country beside those by address. */
const RULES = [
  '{ peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }',
  '{ peer: { dns: ["licence.vendor.example", "*.cdn.example"] }, ports: [tcp/443] }',
  '{ peer: { mac: ["00:1b:24:aa:10:99"] }, ports: [tcp/9100] }',
  '{ peer: { country: [NL] }, ports: [tcp/22] }',
  '{ peer: { sets: [maint-gw] }, ports: [tcp/22], initiator: peer, during: [weekly] }',
];
const COUNTRIES = locationOf('country', 'c.csv', Buffer.from('203.0.113.0/24,KP\n'));

function claimsWith(rules: readonly string[]): CompiledClaims {
  const text = TRAFFIC_CLAIMS.replace(/only: \[.*\] \}/, `only: [${rules.join(', ')}] }`).replace(
    '{ internet: true }',
    '{ country: [KP] }',
  );
  return claimsOf(text, { country: COUNTRIES });
}
const claims = claimsWith(RULES);

/** What the asset was told of the peer, by exchange. */
const TOLD: readonly Partial<Row>[] = [
  {},
  { sourceNames: 'licence.vendor.example', destinationNames: 'licence.vendor.example' },
  { sourceNames: 'www.example,a.cdn.example', destinationNames: 'www.example,a.cdn.example' },
  { sourceNames: 'www.example', destinationNames: 'www.example' },
  { sourceMac: 0x001b24aa1099, destinationMac: 0x001b24aa1099 },
  { sourceMac: 5, destinationMac: 5 },
];
const told = (rows: readonly Row[], index: number): Row[] => rows.map((row) => ({ ...row, ...TOLD[index % TOLD.length] }));

function judge(batches: readonly (readonly Row[])[], judged = claims) {
  const engine = createEngine({ claims: judged });
  for (const rows of batches) engine.ingest(batchOf(judged, rows));
  return engine;
}

/** What an analyst acts on; of claims only, and not of budgets that slide. */
function substance(findings: readonly Finding[]) {
  return findings
    .filter(({ claim }) => claim !== '' && claim !== 'no-bulk')
    .map(({ id, claim, asset, peerAddress, port, completion, severity, octetsOut, octetsIn, sessions }) =>
      [id, claim, asset, peerAddress, port, completion, severity, octetsOut, octetsIn, sessions].join(' '),
    )
    .sort();
}

const midday = exchanges.map((list) =>
  list.map((exchange): Exchange => ({ ...exchange, startMs: Date.parse('2026-12-03T08:00:00Z') + (exchange.startMs % 36_000_000) })),
);

describe('peers by name, MAC address and country', () => {
  it('same findings and same doubts wherever batches are cut', () => {
    fc.assert(
      fc.property(exchanges, fc.integer({ min: 1, max: 7 }), (list, size) => {
        const rows = inOrder(list.flatMap((exchange, index) => told(asUniflows(exchange, index % 2 === 0), index)));
        const parts = Array.from({ length: Math.ceil(rows.length / size) }, (_, part) => rows.slice(part * size, (part + 1) * size));
        const [cut, whole] = [judge(parts), judge([rows])];
        expect(findingsJson(cut.findings())).toBe(findingsJson(whole.findings()));
        expect(cut.judgements()).toEqual(whole.judgements());
      }),
      { numRuns: 60 },
    );
  });

  it('whatever the order of the rules of an only claim', () => {
    fc.assert(
      fc.property(exchanges, fc.shuffledSubarray(RULES, { minLength: RULES.length }), (list, shuffled) => {
        const rows = inOrder(list.flatMap((exchange, index) => told(asBiflow(exchange), index)));
        const [one, other] = [judge([rows]), judge([rows], claimsWith(shuffled))];
        const plain = (engine: typeof one) => substance(engine.findings()).map((line) => line.slice(line.indexOf(' ')));
        expect(plain(other).sort()).toEqual(plain(one).sort());
        const doubts = (engine: typeof one) =>
          engine.judgements().map(({ kind, about, claim, records }) => `${kind} ${claim} ${about} ${records}`);
        expect(doubts(other)).toEqual(doubts(one));
      }),
      { numRuns: 40 },
    );
  });

  it('one record, or cut by an active timeout with the name known at the begin only', () => {
    fc.assert(
      fc.property(midday, (list) => {
        const whole = judge([inOrder(list.flatMap((exchange, index) => told(asBiflow(exchange), index)))]);
        const split = inOrder(
          list.flatMap((exchange, index) => asSplit(exchange, 60_000).flatMap((row, part) => (part === 0 ? told([row], index) : [row]))),
        );
        expect(substance(judge([split]).findings())).toEqual(substance(whole.findings()));
      }),
      { numRuns: 60 },
    );
  });

  it('from a partition each, and over a snapshot, as from one', () => {
    fc.assert(
      fc.property(exchanges, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const rows = inOrder(list.flatMap((exchange, index) => told(asBiflow(exchange), index)));
        const whole = judge([rows]);
        const at = Math.floor(rows.length * share);
        const after = createEngine({ claims });
        expect(after.restore(judge([rows.slice(0, at)]).snapshot())).toBeUndefined();
        after.ingest(batchOf(claims, rows.slice(at)));
        expect(findingsJson(after.findings())).toBe(findingsJson(whole.findings()));
        expect(after.judgements()).toEqual(whole.judgements());
        const all = batchOf(claims, rows);
        const { asset } = all.columns;
        const apart = [...new Set(claims.assets.map(({ unit }) => unit))].flatMap((unit) => {
          const engine = createEngine({ claims });
          const part = batchOf(claims, []);
          const own = Array.from({ length: all.length }, (_, row) => row).filter(
            (row) => claims.assets.find(({ name }) => name === asset.dictionary.name(asset.codes[row]!))?.unit === unit,
          );
          part.appendFrom(all, Uint32Array.from(own), own.length);
          engine.ingest(part);
          return engine.findings();
        });
        expect(findingsJson(apart)).toBe(findingsJson(whole.findings()));
      }),
      { numRuns: 30 },
    );
  });
});
