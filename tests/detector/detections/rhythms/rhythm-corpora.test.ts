import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../../detector/engine/engine.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { connectionsOf, detectionCorpus, watchOnly } from '../../support/corpora.js';
import { batchOf, claimsOf } from '../../support/rows.js';

/** The four that look at when things happen. Other people's captures are no part of this repository: where they are absent, these tests are skipped. */
const RHYTHM = new Set(['beacon', 'rhythm-change', 'long-session', 'reconnect-hammer']);

async function judge(path: string, hosts: readonly string[]): Promise<Finding[]> {
  const rows = await connectionsOf(path);
  const claims = claimsOf(watchOnly(hosts));
  const engine = createEngine({ claims });
  engine.ingest(batchOf(claims, rows));
  return engine.findings().filter(({ detection }) => RHYTHM.has(detection));
}

const njrat = detectionCorpus('njrat/labeled-conn.log');
const benign = detectionCorpus('benign-17h/conn.log.labeled');
const ctu = detectionCorpus('ctu-010/data/conn.log.labeled');

describe('recorded traffic, without claims', () => {
  it.skipIf(njrat === undefined)('the control channel of NjRAT is found within its fifty minutes, and nothing else', async () => {
    const findings = await judge(njrat!, ['192.168.1.115', '192.168.1.114', 'fd2d:ab8c:225:0:81d3:fd3e:7f62:aec8']);
    expect(findings.map(({ detection, peerAddress, port }) => `${detection} ${peerAddress} ${port}`).sort()).toEqual([
      'beacon 41.108.179.197 1177',
      'reconnect-hammer 41.108.179.197 1177',
    ]);
  });

  it.skipIf(benign === undefined)('seventeen hours of a desktop without attacks: nothing', async () => {
    expect((await judge(benign!, ['192.168.1.109'])).map(({ sentence }) => sentence)).toEqual([]);
  });

  it.skipIf(ctu === undefined)('a day of a Windows host on the open internet: at most five', async () => {
    expect((await judge(ctu!, ['147.32.83.234'])).length).toBeLessThanOrEqual(5);
  });
});
