import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBusOutput, createCollector } from '../../../collector/collector.js';
import { type FileFormat, readFileInto } from '../../../collector/files.js';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import { loadClaims } from '../../../detector/claims/load.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { createDetectorService } from '../../../detector/engine/service.js';
import { createFileSnapshotStore } from '../../../detector/engine/snapshot-file.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { findingsJson } from '../../../detector/findings/json.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { packageRoot } from '../../../flow/service/paths.js';

/*
 * The two scenarios through collector, bus and detector, as a capture and as three export formats: an analyst must be told the same, whatever
 * the exporter speaks.
 */

interface Scenario {
  readonly claims: string;
  readonly approvals?: string;
  readonly inputs: Readonly<Record<string, { file: string; format: FileFormat; sensor: string }>>;
}

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-scenarios-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function judge(claims: CompiledClaims, path: string, format: FileFormat, sensor: string, partitions: number): Promise<Finding[]> {
  const bus = createLocalBus({ partitions: { flows: partitions }, groups: { flows: ['detect'] } });
  await bus.start();
  const service = createDetectorService({
    bus,
    group: 'detect',
    engineFactory: () => createEngine({ claims }),
    snapshots: createFileSnapshotStore(await mkdtemp(join(folder, 'state-'))),
    log: quiet,
  });
  await service.start();
  const collector = createCollector(createBusOutput({ bus, watchList: claims.watchList }));
  await readFileInto(collector, { path, format, sensor, sensorOf: () => sensor });
  await collector.flush();
  while (service.engines().size < partitions || (await service.lag()) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await service.checkpoint();
  }
  const findings = [...service.engines().values()].flatMap((engine) => engine.findings());
  await service.stop();
  await bus.stop();
  return findings;
}

function substance(findings: readonly Finding[]) {
  return findings
    .map(({ id, detection, claim, asset, peerAddress, protocol, port, completion, initiator, severity }) => ({
      id,
      detection,
      claim,
      asset,
      peerAddress,
      protocol,
      port,
      completion,
      initiator,
      severity,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe.each(['port-scanners', 'billing-cluster'])('%s', (name) => {
  const root = join(packageRoot(), 'fixtures/scenarios', name);
  const findings = new Map<string, Finding[]>();
  let claims: CompiledClaims;

  beforeAll(async () => {
    const scenario = JSON.parse(await readFile(join(root, 'scenario.json'), 'utf8')) as Scenario;
    claims = loadClaims(join(root, scenario.claims), scenario.approvals === undefined ? undefined : join(root, scenario.approvals)).claims;
    for (const [input, { file, format, sensor }] of Object.entries(scenario.inputs)) {
      findings.set(input, await judge(claims, join(root, file), format, sensor, 1));
    }
    const { file, format, sensor } = scenario.inputs.ipfix!;
    findings.set('four partitions', await judge(claims, join(root, file), format, sensor, 4));
  });

  it.each(['netflow5', 'netflow9', 'ipfix'])('%s tells what the capture tells', (input) => {
    expect(substance(findings.get(input)!)).toEqual(substance(findings.get('packets')!));
    expect(findings.get(input)).not.toEqual([]);
  });

  it('four partitions give the bytes that one gives', () => {
    expect(findingsJson(findings.get('four partitions')!)).toBe(findingsJson(findings.get('ipfix')!));
  });
});
