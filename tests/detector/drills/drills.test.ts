import { describe, expect, it } from 'vitest';
import { compileTexts } from '../../../detector/claims/load.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { drillPorts } from '../../../detector/drills/nonce.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { batchOf, type Row } from '../support/rows.js';

const KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const TEXT = exampleClaims('{ never: [ { peer: { cidr: ["192.0.2.10"] } } ] }').replace(
  'claims:\n',
  `drills:
  border: { fleet: scanners, probe: scan-01, sink: "192.0.2.10", every: PT10M }
  beside: { fleet: scanners, probe: "10.40.10.200", sink: "192.0.2.10", every: PT10M }
claims:
`,
);
const AT = Date.parse('2026-12-03T10:05:00Z');
const SLOT = Math.floor(AT / 600_000);

function judge(rows: readonly Row[], key: Uint8Array | null = KEY) {
  const claims = compileTexts([{ file: 'c.yaml', text: TEXT }], undefined, {}, key ?? undefined).compilation.claims;
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  const restored = createEngine({ claims });
  expect(restored.restore(engine.snapshot())).toBeUndefined();
  expect(restored.judgements()).toEqual(engine.judgements());
  return {
    findings: engine.findings().filter(({ claim }) => claim !== '').length,
    drills: engine.judgements().flatMap(({ kind, about, fleet }) => (kind === 'drill' ? [`${fleet} ${about}`] : [])),
    judged: engine.judgements().flatMap(({ kind, about, claim }) => (kind === 'judged' && claim === '' ? [about] : [])),
    hash: claims.hash,
  };
}

function drill(slot: number, more: Partial<Row> = {}, name = 'border'): Row {
  const ports = drillPorts(KEY, 'example', name, slot);
  const [source, destination] = [ports.source, ports.destination];
  return {
    startMs: AT,
    endMs: AT,
    source: '10.40.10.11',
    destination: '192.0.2.10',
    sourcePort: source,
    destinationPort: destination,
    protocol: 17,
    octets: 120,
    packets: 3,
    ...more,
  };
}

describe('drills', () => {
  it('one in its slot, or in a neighbour of it, is counted and judged by nothing else', () => {
    expect(judge([drill(SLOT)])).toMatchObject({ findings: 0, drills: [`scanners border@${SLOT * 600_000}`], judged: [] });
    expect(judge([drill(SLOT - 1), drill(SLOT + 1)])).toMatchObject({ findings: 0, judged: [] });
  });

  it('one played again later, with a wrong port, over TCP or without a key is judged as what it is', () => {
    expect(judge([drill(SLOT - 2)])).toMatchObject({ findings: 1, drills: [], judged: ['scan-01'] });
    expect(judge([drill(SLOT, { destinationPort: 5000 })])).toMatchObject({ findings: 1, drills: [] });
    expect(judge([drill(SLOT, { protocol: 6 })])).toMatchObject({ findings: 1, drills: [] });
    expect(judge([drill(SLOT, { source: '10.40.10.12' })])).toMatchObject({ findings: 1, drills: [] });
    expect(judge([drill(SLOT)], null)).toMatchObject({ findings: 1, drills: [] });
  });

  it('a large one, one in many small records and one that is answered are no drills', () => {
    expect(judge([drill(SLOT, { octets: 5000 })])).toMatchObject({ findings: 1, drills: [] });
    const small = Array.from({ length: 20 }, (_, index) => drill(SLOT, { startMs: AT + index, endMs: AT + index }));
    expect(judge(small).findings).toBe(1);
    expect(judge([drill(SLOT, { reverseOctets: 100, biflow: true })])).toMatchObject({ findings: 1, drills: [] });
  });

  it('a probe beside the fleet is watched for its drills alone', () => {
    const beside = drill(SLOT, { source: '10.40.10.200' }, 'beside');
    expect(judge([beside])).toMatchObject({ drills: [`scanners beside@${SLOT * 600_000}`], judged: [] });
    expect(judge([{ ...beside, destinationPort: 443 }])).toMatchObject({ findings: 0, drills: [], judged: [] });
  });

  it('the fingerprint of the key is part of the claims’ hash', () => {
    expect(judge([], KEY).hash).not.toBe(judge([], Buffer.from('another key of the drills')).hash);
  });

  it('without any, nothing but the name of the probe is wrong', () => {
    const text = TEXT.replace('probe: scan-01', 'probe: scan-09');
    expect(() => compileTexts([{ file: 'c.yaml', text }])).toThrow(/neither a member of fleet 'scanners' nor an address/);
  });
});
