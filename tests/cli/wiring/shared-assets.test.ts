import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadClaimSets } from '../../../cli/wiring/claim-sets.js';
import { createFlowOutput } from '../../../collector/outputs/flow-output.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { createClaimEngines } from '../../../detector/engine/engine-set.js';
import { parseAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { decodeFrame } from '../../../flow/frame.js';
import { batchOf, type Row } from '../../detector/support/rows.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-shared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A claim file about one database that the vendor reaches by the jump hosts only. */
function file(name: string, database: string, jumps: string, more = ''): { file: string; approvals: undefined } {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(
    path,
    `version: 1
id: ${name}
owner: security-office@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  vendor: { cidr: ["203.0.113.0/24"] }
  jump: { cidr: [${jumps}] }
fleets:
  ${name}-db: { vendor: Example, site: Example data centre, members: [{ name: db-${name}, ip: ["${database}"] }] }
sensors:
  core: { kind: ipfix, exporter: "10.70.0.1", sampling: 1, active_timeout: PT1M, sees: [north-south, management] }
${more}claims:
  - id: by-bastion
    text: "The vendor reaches the database by the bastion only."
    subject: ${name}-db
    severity: critical
    assert: { via: { from: { sets: [vendor] }, jump: { sets: [jump] }, to: { peer: { fleets: [${name}-db] }, ports: [tcp/22] }, skew: PT30S } }
    coverage: { sensors: [core], time: "99%", max_gap: PT10M }
`,
  );
  return { file: path, approvals: undefined };
}

const JUMP = '10.70.99.10';
const AT = Date.parse('2026-12-03T10:00:00Z');
const MINUTE = 60_000;
function session(source: string, destination: string, minute: number, minutes: number, port = 22): Row {
  const startMs = AT + minute * MINUTE;
  const base = { startMs, endMs: startMs + minutes * MINUTE, source, destination, sourcePort: 50_001, destinationPort: port, protocol: 6 };
  return { ...base, octets: 40_000, reverseOctets: 90_000, flags: 0x1b, reverseFlags: 0x1b, biflow: true };
}

describe('two claim files with one jump host', () => {
  const sources = () => [file('a', '10.70.11.21', `"${JUMP}"`), file('b', '10.80.11.21', `"${JUMP}", "10.70.99.11"`)];

  test('watch it once, and their fleets go to one partition', () => {
    const { sets, watchList } = loadClaimSets(sources());
    expect(sets.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(watchList.assets.map(({ name }) => name).sort()).toEqual([JUMP, '10.70.99.11', 'db-a', 'db-b']);
    expect(new Set(watchList.assets.map(({ unit }) => unit)).size).toBe(1);
    expect(watchList.assets[watchList.assetOf(parseAddress(JUMP))]?.name).toBe(JUMP);
  });

  test('are both judged by the sessions on it, on however many partitions', async () => {
    const { sets, watchList } = loadClaimSets(sources());
    // The vendor is on the jump host once, and from there on both databases; later somebody is on both from there without a session on it.
    const rows = [
      session('203.0.113.7', JUMP, 0, 30),
      session(JUMP, '10.70.11.21', 2, 10),
      session(JUMP, '10.80.11.21', 12, 10),
      session(JUMP, '10.70.11.21', 200, 10),
      session(JUMP, '10.80.11.21', 210, 10),
      ...[260, 320].flatMap((minute) => ['10.70.11.21', '10.80.11.21'].map((database) => session(database, '10.70.1.53', minute, 1, 53))),
    ];
    for (const partitions of [1, 7]) {
      const bus = createLocalBus({ partitions: { flows: partitions }, groups: { flows: ['detect'] } });
      const engines = Array.from({ length: partitions }, () => createClaimEngines(() => sets.map((claims) => claimVersion(claims))));
      await bus.start();
      const frames = new FlowBatch();
      const subscription = await bus.subscribe({
        group: 'detect',
        topics: ['flows'],
        reader: {
          assigned: async () => undefined,
          revoked: async () => undefined,
          async messages(messages) {
            for (const message of messages) {
              frames.clear();
              decodeFrame(message, frames);
              engines[message.partition]!.ingest(frames);
              await subscription.commit(message.topic, message.partition, message.offset + 1);
            }
          },
        },
      });
      const output = createFlowOutput({ bus, watchList });
      for (const row of rows) await output.write(unfiled(row));
      await output.flush();
      await bus.flush(['flows']);
      await bus.stop();
      const findings = engines.flatMap((engine) => engine.findings()).filter(({ claim }) => claim !== '');
      expect(findings.map(({ asset, peerAddress, firstSeenMs }) => [asset, peerAddress, (firstSeenMs - AT) / MINUTE]).sort()).toEqual([
        ['db-a', JUMP, 200],
        ['db-b', JUMP, 210],
      ]);
    }
  });

  test('refuse what is a jump host here and an asset there, or another network around it, and name both files', () => {
    const [a, b] = [file('a', '10.70.11.21', `"${JUMP}"`), file('b', JUMP, '"10.70.99.11"')];
    expect(() => loadClaimSets([a, b])).toThrow(
      `${a.file}: ${JUMP}, a jump host or probe here, is the asset 'db-b' of ${b.file}; a file can watch its own members only: put the claims or drills that name it into that file`,
    );
    const wide = file('c', '10.80.11.21', '"10.70.99.0/28"');
    expect(() => loadClaimSets([a, wide])).toThrow(
      `${a.file}: ${JUMP}, a jump host or probe here, overlaps 10.70.99.0/28 of ${wide.file}; write the same address or network in both files`,
    );
  });

  test('and one probe for their drills', () => {
    const drills = (name: string) => `drills:\n  drill: { fleet: ${name}-db, probe: "10.70.50.5", sink: "192.0.2.10", every: PT10M }\n`;
    const [a, b] = ['a', 'b'].map((name, index) => file(name, `10.7${index}.11.21`, `"10.7${index}.99.10"`, drills(name)));
    const { watchList } = loadClaimSets([a!, b!]);
    expect(watchList.assets.filter(({ name }) => name === '10.70.50.5')).toHaveLength(1);
  });
});

/** As a decoder leaves it: the output files it. */
function unfiled(row: Row): FlowBatch {
  const { sets } = loadClaimSets([file('none', '10.99.99.99', '"10.99.99.98"')]);
  return batchOf(sets[0]!, [row]);
}
