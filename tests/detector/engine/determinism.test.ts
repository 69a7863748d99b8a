import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DETECTION_IDS, type DetectionId } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { findingJson, findingsJson } from '../../../detector/findings/json.js';
import { batchOf, claimsOf, type Row } from '../support/rows.js';
import { asBiflow, asSplit, asUniflows, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

const claims = claimsOf(TRAFFIC_CLAIMS);
const parameters = { 'new-destination': { warmUpHours: 6 } };

function judge(batches: readonly (readonly Row[])[], detections: readonly DetectionId[] = DETECTION_IDS): Finding[] {
  const engine = createEngine({ claims, parameters, detections });
  for (const rows of batches) engine.ingest(batchOf(claims, rows));
  return engine.findings();
}

function cut<T>(list: readonly T[], sizes: readonly number[]): T[][] {
  const parts: T[][] = [];
  for (let at = 0, i = 0; at < list.length; i++) {
    const size = sizes[i % sizes.length]!;
    parts.push(list.slice(at, at + size));
    at += size;
  }
  return parts;
}

/** What must not depend on the format: everything an analyst acts on. */
function substance(findings: readonly Finding[]) {
  return findings
    .map(({ id, claim, asset, peerAddress, port, completion, severity, octetsOut, octetsIn, sessions, initiator }) => ({
      id,
      claim,
      asset,
      peerAddress,
      port,
      completion,
      severity,
      octetsOut,
      octetsIn,
      sessions,
      initiator,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Budgets that slide, volumes in bins and rhythms depend on where a format cuts its records; what is judged per exchange must not. */
const PER_EXCHANGE = ['claim-violation', 'new-destination'] as const;
const perExchange = (rows: readonly Row[]): Finding[] => judge([rows], PER_EXCHANGE).filter(({ claim }) => claim !== 'no-bulk');

describe('same records, same findings', () => {
  it('wherever batches are cut', () => {
    fc.assert(
      fc.property(exchanges, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (list, sizes) => {
        const rows = inOrder(list.flatMap((exchange, index) => asUniflows(exchange, index % 2 === 0)));
        expect(findingsJson(judge(cut(rows, sizes)))).toBe(findingsJson(judge([rows])));
      }),
      { numRuns: 60 },
    );
  });

  it('however the units’ records interleave', () => {
    fc.assert(
      fc.property(exchanges, fc.boolean(), (list, scannersFirst) => {
        const rows = inOrder(list.flatMap(asBiflow));
        const ofScanners = (row: Row): boolean => `${row.source} ${row.destination}`.includes('10.40.10.1');
        const parts = [rows.filter(ofScanners), rows.filter((row) => !ofScanners(row))];
        expect(findingsJson(judge(scannersFirst ? parts : parts.reverse()))).toBe(findingsJson(judge([rows])));
      }),
      { numRuns: 60 },
    );
  });

  it('from a partition each, as from one', () => {
    fc.assert(
      fc.property(exchanges, (list) => {
        const rows = inOrder(list.flatMap(asBiflow));
        const whole = batchOf(claims, rows);
        const units = [...new Set(claims.assets.map((asset) => asset.unit))];
        const apart = units.flatMap((unit) => {
          const engine = createEngine({ claims, parameters });
          const part = batchOf(claims, []);
          const own = Array.from({ length: whole.length }, (_, row) => row).filter((row) => {
            const name = whole.columns.asset.dictionary.name(whole.columns.asset.codes[row]!);
            return claims.assets.find((asset) => asset.name === name)?.unit === unit;
          });
          part.appendFrom(whole, Uint32Array.from(own), own.length);
          engine.ingest(part);
          return engine.findings();
        });
        expect(findingsJson(apart)).toBe(findingsJson(judge([rows])));
      }),
      { numRuns: 40 },
    );
  });

  it('a revision has one content, whenever it is published', () => {
    fc.assert(
      fc.property(exchanges, fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), (list, sizes) => {
        const rows = inOrder(list.flatMap((exchange) => asUniflows(exchange, true)));
        const published = (batches: readonly Row[][]): Map<string, string> => {
          const engine = createEngine({ claims, parameters });
          const byRevision = new Map<string, string>();
          for (const batch of batches) {
            engine.ingest(batchOf(claims, batch));
            for (const finding of engine.takeChanged()) byRevision.set(`${finding.id} ${finding.revision}`, findingJson(finding));
          }
          return byRevision;
        };
        const each = published(rows.map((row) => [row]));
        for (const [key, text] of published(cut(rows, sizes))) expect(text).toBe(each.get(key));
      }),
      { numRuns: 40 },
    );
  });
});

describe('same exchanges, same findings in every format', () => {
  it('both directions in one record, or one record each, whichever comes first', () => {
    fc.assert(
      fc.property(exchanges, fc.boolean(), (list, reverseFirst) => {
        const biflow = perExchange(inOrder(list.flatMap(asBiflow)));
        const uniflow = perExchange(inOrder(list.flatMap((exchange) => asUniflows(exchange, reverseFirst))));
        expect(substance(uniflow)).toEqual(substance(biflow));
      }),
      { numRuns: 100 },
    );
  });

  it('cut by an active timeout', () => {
    // Exchanges away from the window's edges and midnight: a finer record may lie inside where the whole does not (assurance.md §1.5 b).
    const midday = exchanges.map((list) =>
      list.map((exchange) => ({ ...exchange, startMs: Date.parse('2026-12-03T08:00:00Z') + (exchange.startMs % 36_000_000) })),
    );
    fc.assert(
      fc.property(midday, fc.constantFrom(60_000, 300_000), (list, timeoutMs) => {
        const whole = perExchange(inOrder(list.flatMap(asBiflow)));
        const split = perExchange(inOrder(list.flatMap((exchange) => asSplit(exchange, timeoutMs))));
        expect(substance(split)).toEqual(substance(whole));
      }),
      { numRuns: 100 },
    );
  });
});

describe('who began is learned late', () => {
  // Ports that mislead: by numbers alone the client looks like the server. Only the first record of each exchange was seen to begin.
  const misleading = exchanges.map((list) =>
    list.slice(0, 12).map((exchange, index) => ({
      ...exchange,
      clientPort: 20_000 + index,
      serverPort: 45_000 + (index % 3),
      startMs: Date.parse('2026-12-03T08:00:00Z') + (exchange.startMs % 36_000_000),
    })),
  );
  const records = (list: Parameters<typeof asBiflow>[0][]): Row[] =>
    list.flatMap((exchange) =>
      asSplit(exchange, 60_000).map((row, part): Row => (part === 0 ? { ...row, initiator: 'source', initiatorConfidence: 100 } : row)),
    );

  it('findings end up the same in any order of arrival', () => {
    fc.assert(
      fc.property(
        misleading.chain((list) => {
          const rows = inOrder(records(list));
          return fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length, maxLength: rows.length }));
        }),
        ([rows, shuffled]) => {
          // What is new, unlike what breaks a claim, depends on what came before.
          const claimed = (list: readonly Row[]): Finding[] => perExchange(list).filter(({ claim }) => claim !== '');
          expect(substance(claimed(shuffled))).toEqual(substance(claimed(rows)));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('a finding that was a mistake is withdrawn in its last revision', () => {
    const rows = records([
      {
        startMs: Date.parse('2026-12-03T10:00:00Z'),
        durationMs: 120_000,
        client: '10.40.10.11',
        clientPort: 20_000,
        server: '203.0.113.7',
        serverPort: 45_000,
        protocol: 6,
        outcome: 'answered',
        octets: 4000,
        reverseOctets: 4000,
      },
    ]);
    const engine = createEngine({ claims, detections: PER_EXCHANGE });
    engine.ingest(batchOf(claims, rows.slice(1)));
    const mistaken = engine.takeChanged();
    expect(mistaken.map((finding) => finding.port)).toEqual([20_000, 20_000]);
    engine.ingest(batchOf(claims, rows.slice(0, 1)));
    const corrected = engine.takeChanged();
    for (const { id, revision } of mistaken) {
      const last = corrected.find((finding) => finding.id === id);
      expect(last).toMatchObject({ records: 0, sessions: 0, octetsOut: 0, severity: 'info', evidence: [] });
      expect(last!.revision).toBeGreaterThan(revision);
    }
    expect(engine.findings().map(({ port, records: count, evidence }) => [port, count, evidence.length])).toEqual([
      [45_000, 2, 2],
      [45_000, 2, 2],
    ]);
  });
});

describe('a snapshot', () => {
  it('taken anywhere and restored goes on as if nothing had happened', () => {
    fc.assert(
      fc.property(exchanges, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const rows = inOrder(list.flatMap((exchange, index) => asUniflows(exchange, index % 3 === 0)));
        const at = Math.floor(rows.length * share);
        const straight = createEngine({ claims, parameters });
        const before = createEngine({ claims, parameters });
        straight.ingest(batchOf(claims, rows.slice(0, at)));
        before.ingest(batchOf(claims, rows.slice(0, at)));
        const after = createEngine({ claims, parameters });
        expect(after.restore(before.snapshot())).toBeUndefined();
        straight.takeChanged();
        after.takeChanged();
        straight.ingest(batchOf(claims, rows.slice(at)));
        after.ingest(batchOf(claims, rows.slice(at)));
        expect(findingsJson(after.findings())).toBe(findingsJson(straight.findings()));
        expect(findingsJson(after.takeChanged())).toBe(findingsJson(straight.takeChanged()));
        expect(after.judgements()).toEqual(straight.judgements());
        expect(after.learning()).toEqual(straight.learning());
        expect(Buffer.from(after.snapshot()).equals(Buffer.from(straight.snapshot()))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('of other claims or parameters, or altered, is refused with the reason', () => {
    const engine = createEngine({ claims, parameters });
    engine.ingest(batchOf(claims, []));
    const bytes = engine.snapshot();
    const others = claimsOf(TRAFFIC_CLAIMS.replace('severity: critical', 'severity: low'));
    expect(createEngine({ claims: others, parameters }).restore(bytes)).toMatch(/other claims/);
    expect(createEngine({ claims }).restore(bytes)).toMatch(/parameters/);
    const altered = bytes.slice();
    altered[20]! ^= 1;
    expect(createEngine({ claims, parameters }).restore(altered)).toMatch(/checksum/);
    expect(createEngine({ claims, parameters }).restore(bytes.slice(0, 30))).toBeDefined();
  });
});
