import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createCollector } from '../../../collector/collector.js';
import { inReadingOrder, readFileInto } from '../../../collector/files.js';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { compileTexts } from '../../../detector/claims/load.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { watchedClaims } from '../../../detector/tools/watched.js';
import { parsePrefix } from '../../../flow/address.js';
import { packageRoot } from '../../../flow/service/paths.js';
import type { Alert } from './alerts.js';
import { RitaBeacons } from './baselines/rita.js';
import { SeenReader } from './baselines/seen.js';
import { FixedThresholds } from './baselines/thresholds.js';
import { createEngineOutput } from './engine-output.js';

export interface CorpusRun {
  readonly corpus: string;
  readonly how: string;
  readonly findings: readonly Alert[];
  readonly baselines: { readonly rita: number; readonly thresholds: number };
  /** What issue 5 asks for, and whether it is so. */
  readonly expected: string;
  readonly holds: boolean;
}
export type CorpusResult = CorpusRun | { readonly corpus: string; readonly skipped: string };

const SENSOR = 'zeek';

interface Corpus {
  readonly corpus: string;
  readonly how: string;
  readonly folder: string;
  readonly files: readonly string[];
  readonly claims: () => CompiledClaims;
  readonly expected: string;
  /** Which findings count, and what must hold of them. */
  readonly counted: (alert: Alert) => boolean;
  readonly holds: (counted: readonly Alert[]) => boolean;
}

const watching = (...addresses: string[]): (() => CompiledClaims) => {
  return () => watchedClaims({ prefixes: addresses.map(parsePrefix), addresses, more: false, sensor: SENSOR });
};

/** What an owner of the benign host would write: names, time, leases and HTTPS. That it speaks HTTP and mDNS too breaks the claim, and is not counted here. */
const BENIGN_CLAIMS = `version: 1
id: benign
owner: security-office@example.org
timezone: UTC
fleets:
  lab:
    vendor: Example
    site: Example
    members:
      - { name: host, ip: ["192.168.1.109"] }
sensors:
  zeek: { kind: zeek, exporter: "::/128", sees: [north-south] }
claims:
  - id: needs
    text: "The host asks for time, names and leases, and talks HTTPS."
    subject: lab
    severity: medium
    assert: { only: [ { peer: { any: true }, ports: [udp/123], initiator: subject }, { peer: { any: true }, ports: [udp/53, tcp/53], initiator: subject }, { peer: { any: true }, ports: [udp/67], initiator: subject }, { peer: { any: true }, ports: [tcp/443, udp/443], initiator: subject } ] }
    coverage: { sensors: [zeek], time: "0%", max_gap: P1D }
`;

export const CORPORA: readonly Corpus[] = [
  {
    corpus: 'benign-17h',
    how: 'without claims',
    folder: 'benign-17h',
    files: ['conn.log.labeled', 'dns.log.labeled'],
    claims: watching('192.168.1.109'),
    expected: '≤ 3 findings',
    counted: () => true,
    holds: (counted) => counted.length <= 3,
  },
  {
    corpus: 'benign-17h',
    how: 'with a claim for NTP, DNS, DHCP and HTTPS',
    folder: 'benign-17h',
    files: ['conn.log.labeled', 'dns.log.labeled'],
    claims: () => compileTexts([{ file: 'benign.claims.yaml', text: BENIGN_CLAIMS }]).compilation.claims,
    expected: '≤ 1 finding beside what breaks the claim',
    counted: ({ by }) => by !== 'claim-violation',
    holds: (counted) => counted.length <= 1,
  },
  {
    corpus: 'njrat',
    how: 'without claims',
    folder: 'njrat',
    files: ['conn.log'],
    claims: watching('192.168.1.115', '192.168.1.114', 'fd2d:ab8c:225:0:81d3:fd3e:7f62:aec8'),
    expected: 'the control channel (1177/tcp) is found',
    counted: () => true,
    holds: (counted) => counted.some(({ port }) => port === 1177),
  },
  {
    corpus: 'ctu-010',
    how: 'without claims',
    folder: 'ctu-010/data',
    files: ['conn.log.labeled', 'dns.log.labeled'],
    claims: watching('147.32.83.234'),
    expected: '≤ 6 outbound findings',
    counted: ({ began }) => began !== 'peer',
    holds: (counted) => counted.length <= 6,
  },
];

export function corporaFolder(): string {
  return process.env.CORDON_CORPORA ?? resolve(packageRoot(), '../shared/corpora');
}

/** Runs all that are at hand. */
export async function runCorpora(): Promise<CorpusResult[]> {
  const results: CorpusResult[] = [];
  for (const corpus of CORPORA) {
    const folder = join(corporaFolder(), 'detection', corpus.folder);
    const missing = corpus.files.find((file) => !existsSync(join(folder, file)));
    if (missing === undefined) results.push(await runCorpus(corpus, folder));
    else results.push({ corpus: `${corpus.corpus}, ${corpus.how}`, skipped: `${join(folder, missing)} is absent; set CORDON_CORPORA` });
  }
  return results;
}

async function runCorpus({ corpus, how, files, claims: claimsOf, expected, counted, holds }: Corpus, folder: string): Promise<CorpusRun> {
  const claims = claimsOf();
  const engine = createEngine({ claims });
  const reader = new SeenReader(claims);
  const rita = new RitaBeacons('RITA ≥ 0.9', 0.9);
  const thresholds = new FixedThresholds();
  const { output, book } = createEngineOutput(claims, engine, (batch) => {
    reader.read(batch, (seen) => {
      rita.take(seen);
      thresholds.take(seen);
    });
  });
  const collector = createCollector(output);
  const inputs = files.map((file) => ({ path: join(folder, file), format: 'zeek' as const, sensor: SENSOR }));
  for (const input of await inReadingOrder(inputs)) await readFileInto(collector, input);
  await collector.flush();
  rita.close();
  const findings = book.list().filter(counted);
  return {
    corpus,
    how,
    findings,
    baselines: { rita: rita.alerts(0).length, thresholds: thresholds.alerts(0).length },
    expected,
    holds: holds(findings),
  };
}
