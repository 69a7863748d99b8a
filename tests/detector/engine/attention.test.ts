import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { Detection } from '../../../detector/detections/detection.js';
import { DETECTION_IDS, DETECTIONS } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { DetectionSettings } from '../../../detector/engine/parameters.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { batchOf, claimsOf, exampleRows, type Row } from '../support/rows.js';
import { asBiflow, asUniflows, type Exchange, exchanges, inOrder, TRAFFIC_CLAIMS } from '../support/traffic.js';

/*
 * A detection is shown only the records that it attends (Detection.attends), and is made with the first of them. Shown all from the first record on it must find the
 * same, learn for as long, and count the same.
 */

function judged(claims: CompiledClaims, rows: readonly Row[], parameters: DetectionSettings, showAll: boolean) {
  const engine = createEngine({ claims, parameters, showAll });
  engine.ingest(batchOf(claims, rows));
  return { findings: findingsJson(engine.findings()), judgements: engine.judgements(), learning: engine.learning() };
}

function holds(claims: CompiledClaims, rows: readonly Row[], parameters: DetectionSettings = {}): void {
  expect(judged(claims, rows, parameters, false)).toEqual(judged(claims, rows, parameters, true));
}

const EXAMPLES = DETECTION_IDS.flatMap((id) => {
  const { examples }: Detection = DETECTIONS[id];
  return [...examples.fires, ...examples.silent].map((example) => [`${id}: ${example.name}`, id, example] as const);
});

/** So short that what is learned is judged within a few hours. */
const HASTY: DetectionSettings = Object.fromEntries(
  DETECTION_IDS.flatMap((id) => {
    const parameters: Detection['parameters'] = DETECTIONS[id].parameters;
    return 'warmUpHours' in parameters ? [[id, { warmUpHours: Math.max(1, parameters.warmUpHours!.least) }]] : [];
  }),
);

describe('detections find the same whether they see all records or those that they attend', () => {
  it.each(EXAMPLES)('%s', (_name, id, example) => {
    holds(claimsOf(example.claims), exampleRows(example.rows), { [id]: example.parameters ?? {} });
  });

  it('generated traffic, with what sensors tell of applications, names and MAC addresses', () => {
    const claims = claimsOf(TRAFFIC_CLAIMS);
    const told = fc.record({
      application: fc.constantFrom('', 'ssh', 'tls', 'http', 'dns', 'teamviewer'),
      destinationNames: fc.constantFrom('', 'dns.google', 'updates.example'),
      sourceMac: fc.constantFrom(0, 0x02005e100001, 0x02005e100002),
    });
    // Beside TCP: lookups and time.
    const services = fc.constantFrom<Partial<Exchange>>(
      {},
      { protocol: 17, serverPort: 53 },
      { protocol: 17, serverPort: 123 },
      { protocol: 6, serverPort: 853 },
    );
    const word = fc.tuple(told, services);
    fc.assert(
      fc.property(exchanges, fc.array(word, { minLength: 1, maxLength: 7 }), fc.boolean(), (list, words, biflow) => {
        const rows = list.flatMap((exchange, index) => {
          const [more, service] = words[index % words.length]!;
          const made = { ...exchange, ...service };
          return (biflow ? asBiflow(made) : asUniflows(made, index % 2 === 0)).map((row) => ({ ...row, ...more }));
        });
        holds(claims, inOrder(rows), HASTY);
      }),
      { numRuns: 60 },
    );
  });
});
