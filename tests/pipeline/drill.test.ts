import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleClaims } from '../../detector/detections/example-claims.js';
import { freePorts } from '../support/free-ports.js';
import { cordon, killAll, type Running, says, start, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/*
 * `cordon drill` beside the `cordon run` that has the embedded store open: it is asked whether the drill has come. After it has stopped the store itself is.
 */

let folder: string;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-drill-run-'));
});
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

test('a drill is waited for while cordon run has the store open, over IPv4 and IPv6, and without it', async () => {
  const [port, metricsPort] = await freePorts(2);
  const config = join(folder, 'cordon.yaml');
  const claims = exampleClaims('{ only: [ { peer: { sets: [archive] } } ] }').replace(
    'claims:\n',
    `drills:
  four: { fleet: scanners, probe: scan-01, sink: "192.0.2.10", every: PT10M }
  six: { fleet: scanners, probe: scan-01, sink: "2001:db8::10", every: PT10M }
  lost: { fleet: scanners, probe: scan-01, sink: "192.0.2.11", every: PT10M }
claims:
`,
  );
  writeFileSync(join(folder, 'claims.yaml'), claims);
  writeFileSync(join(folder, 'drills.key'), '0123456789abcdef0123456789abcdef');
  writeFileSync(
    config,
    JSON.stringify({
      claims: ['claims.yaml'],
      data: join(folder, 'data'),
      drills: { keyFile: 'drills.key' },
      collector: { listen: [`127.0.0.1:${port}`], sensors: { '127.0.0.1': 'border' }, flushMs: 50 },
      metrics: { port: metricsPort },
      console: { port: 0 },
    }),
  );
  const run: Running = start(['run', '--config', config]);
  await says(run, /Listening/);
  const registry = join(folder, 'sent.jsonl');
  const drill = (name: string): Promise<string> =>
    cordon(['drill', name, '--config', config, '--exporter', `127.0.0.1:${port}`, '--registry', registry, '--timeout', '400']);
  expect(await drill('four')).toMatch(/^four: seen after \d+\.\d s\n$/);
  expect(await drill('six')).toMatch(/^six: seen after \d+\.\d s\n$/);
  const url = `http://127.0.0.1:${metricsPort}/drill`;
  expect((await fetch(`${url}?source=1&destination=70000&from=0`)).status).toBe(400);
  expect(await (await fetch(`${url}?source=1&destination=2&from=0`)).json()).toEqual({ arrived: false });
  // One that is sent to where nobody listens does not arrive.
  const [deaf] = await freePorts(1);
  const lost = () => cordon(['drill', 'lost', '--config', config, '--exporter', `127.0.0.1:${deaf}`, '--timeout', '3'], [2]);
  expect(await lost()).toBe('lost: not seen within 3 s\n');
  await stop(run);
  // The store is free again, and has both: they were recognised, and are no findings.
  const findings = JSON.parse(await cordon(['findings', 'list', '--json', '--config', config])) as { claim: string }[];
  expect(findings.filter(({ claim }) => claim !== '')).toEqual([]);
  expect(readFileSync(registry, 'utf8').trim().split('\n')).toHaveLength(2);
  expect(await lost()).toBe('lost: not seen within 3 s\n');
});
