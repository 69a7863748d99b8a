import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Finding } from '../../../detector/findings/finding.js';
import { connectionsOf, detectionCorpus, watchOnly } from '../support/corpora.js';
import { batchOf, claimsOf } from '../support/rows.js';

/** Those that look at whom equipment talks to, and how. Other people's captures are no part of this repository: where they are absent, these tests are skipped. */
const CONNECTIONS = new Set([
  'vendor-access',
  'scan',
  'lateral-movement',
  'dns-tunnel',
  'foreign-resolver',
  'protocol-mismatch',
  'unknown-device',
]);
/** What is learned would say nothing of so short captures: here it must say nothing after two hours of learning, too. */
const SOON = { warmUpHours: 2 };

async function judge(path: string, hosts: readonly string[]): Promise<Finding[]> {
  const rows = await connectionsOf(path);
  const claims = claimsOf(watchOnly(hosts));
  const parameters = { 'lateral-movement': SOON, 'foreign-resolver': SOON, 'unknown-device': SOON };
  const engine = createEngine({ claims, parameters });
  engine.ingest(batchOf(claims, rows));
  return engine.findings().filter(({ detection }) => CONNECTIONS.has(detection));
}

const benign = detectionCorpus('benign-17h/conn.log.labeled');
const njrat = detectionCorpus('njrat/labeled-conn.log');
const ctu = detectionCorpus('ctu-010/data/conn.log.labeled');

describe('recorded traffic, without claims', () => {
  it.skipIf(benign === undefined)('seventeen hours of a lab without attacks: nothing', async () => {
    expect((await judge(benign!, ['192.168.1.109', '192.168.1.130', '192.168.1.1'])).map(({ sentence }) => sentence)).toEqual([]);
  });

  it.skipIf(njrat === undefined)('a Trojan that talks to one server is no scan and no tunnel', async () => {
    expect((await judge(njrat!, ['192.168.1.115', '192.168.1.114'])).map(({ sentence }) => sentence)).toEqual([]);
  });

  it.skipIf(ctu === undefined)(
    'a day of a Windows host on the open internet: the scan of its ports that the capture holds, and nothing outbound',
    async () => {
      const findings = await judge(ctu!, ['147.32.83.234']);
      expect(findings.map(({ detection, peerAddress, severity }) => `${detection} ${peerAddress} ${severity}`)).toEqual([
        'scan 51.89.192.233 low',
      ]);
    },
  );
});
