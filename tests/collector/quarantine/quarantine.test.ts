import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CollectorOutput, createCollector } from '../../../collector/collector.js';
import type { Origin } from '../../../collector/contracts.js';
import { createExportCapture } from '../../../collector/inputs/export-capture.js';
import { createQuarantine, type Quarantine, type QuarantineOptions } from '../../../collector/quarantine/quarantine.js';
import { formatAddress, parseAddress } from '../../../flow/address.js';
import { MINUTE_MS } from '../../../flow/time.js';
import { V9, V10 } from '../decoders/samples.js';

const root = mkdtempSync(join(tmpdir(), 'cordon-quarantine-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

const NOW = Date.UTC(2026, 11, 1, 12, 0, 0, 250);

function quarantine(limits: QuarantineOptions['limits'] = {}, folder = join(root, `q${folders++}`)) {
  const warnings: string[] = [];
  return { warnings, folder, kept: createQuarantine({ folder, limits, log: { warn: (_fields, message) => void warnings.push(message) } }) };
}

const from = (address: string, receivedMs = NOW, exporterPort = 50_000): Origin => ({
  sensor: address,
  exporter: parseAddress(address),
  exporterPort,
  transport: 'udp',
  receivedMs,
});

const files = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));

/** What the tools that replay a capture of exports find in the quarantine. */
async function replayed(folder: string) {
  const found: { payload: string; exporter: string; port: number; receivedMs: number }[] = [];
  for (const path of files(folder)) {
    await createExportCapture({ path, sensorOf: () => '' }, { add: () => undefined }).start((payload, origin) => {
      const { exporter, exporterPort, receivedMs } = origin;
      found.push({ payload: Buffer.from(payload).toString('hex'), exporter: formatAddress(exporter), port: exporterPort, receivedMs });
    });
  }
  return found;
}

describe('the quarantine', () => {
  it('is a capture that gives the payloads back as they came, with the address, port and time of arrival', async () => {
    const { kept, folder } = quarantine();
    kept.keep(V9[1]!, from('192.0.2.1', NOW, 1234));
    kept.keep(V10[1]!, from('2001:db8::7', NOW + 750, 65_535));
    await kept.stop();
    expect(await replayed(folder)).toEqual([
      { payload: Buffer.from(V9[1]!).toString('hex'), exporter: '192.0.2.1', port: 1234, receivedMs: NOW },
      { payload: Buffer.from(V10[1]!).toString('hex'), exporter: '2001:db8::7', port: 65_535, receivedMs: NOW + 750 },
    ]);
  });

  it('is read by other tools too, with right lengths and checksums', async ({ skip }) => {
    if (spawnSync('tshark', ['-v']).status !== 0) return skip('tshark is not installed');
    const { kept, folder } = quarantine();
    kept.keep(Uint8Array.of(1, 2, 3), from('192.0.2.1'));
    kept.keep(Uint8Array.of(0, 10, 0xff, 0xff, 0xff), from('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'));
    await kept.stop();
    const [file] = files(folder);
    const fields = ['ip.src', 'ip.checksum.status', 'ipv6.src', 'udp.srcport', 'udp.checksum.status', 'udp.length', 'udp.payload'];
    const options = ['ip.check_checksum:TRUE', 'udp.check_checksum:TRUE'].flatMap((option) => ['-o', option]);
    const args = ['-r', file!, ...options, '-T', 'fields', ...fields.flatMap((name) => ['-e', name])];
    const lines = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n');
    // Status 1 is good, 3 is not present (IPv4 without one).
    expect(lines).toEqual(['192.0.2.1\t1\t\t50000\t3\t11\t010203', '\t\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t50000\t1\t13\t000affffff']);
  });

  it('takes no more of one exporter and minute than its share, so that others keep theirs', async () => {
    const { kept, folder } = quarantine({ maxOctetsPerExporterMinute: 100, maxOctetsPerMinute: 250 });
    const payload = new Uint8Array(50);
    const offer = (address: string, times: number, ms = NOW): number =>
      Array.from({ length: times }, () => kept.keep(payload, from(address, ms))).filter((was) => was).length;
    expect(offer('192.0.2.1', 1000)).toBe(2);
    expect(offer('192.0.2.2', 1)).toBe(1);
    expect(offer('192.0.2.3', 1000)).toBe(2);
    expect(offer('192.0.2.4', 1000)).toBe(0);
    expect(offer('192.0.2.1', 1000, NOW + MINUTE_MS)).toBe(2);
    await kept.stop();
    expect(kept.counters).toEqual({ kept: 7, keptOctets: 350, refused: 998 + 998 + 1000 + 998, failed: 0 });
    expect(statSync(files(folder)[0]!).size).toBe(24 + 7 * (16 + 28 + 50));
  });

  it('fills files up to their limit, and removes the oldest when the folder is full, those of former processes too', async () => {
    const limits = { maxFileOctets: 400, maxOctets: 1000 };
    const folder = join(root, 'full');
    const write = async (kept: Quarantine, firstMinute: number): Promise<void> => {
      for (let minute = firstMinute; minute < firstMinute + 10; minute++) {
        kept.keep(new Uint8Array(300), from('192.0.2.1', NOW + minute * MINUTE_MS));
        await kept.flush();
      }
      await kept.stop();
    };
    await write(quarantine(limits, folder).kept, 0);
    writeFileSync(join(folder, 'notes.txt'), 'not ours');
    await write(quarantine(limits, folder).kept, 10);
    const names = readdirSync(folder).sort();
    const sizes = files(folder).map((path) => statSync(path).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1000);
    expect(names).toContain('notes.txt');
    expect(names.at(-1)).toMatch(/^quarantine-20261201T121900250Z-\d+\.pcap$/);
  });

  it('refuses what no datagram can hold, and tells once when the disk refuses', async () => {
    const path = join(root, 'a-file');
    writeFileSync(path, '');
    const { kept, warnings } = quarantine({}, path);
    expect(kept.keep(new Uint8Array(65_508), from('192.0.2.1'))).toBe(false);
    for (let i = 0; i < 3; i++) {
      expect(kept.keep(Uint8Array.of(1), from('192.0.2.1'))).toBe(true);
      await kept.flush();
    }
    expect(kept.counters).toMatchObject({ kept: 3, refused: 1, failed: 3 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(path);
  });
});

describe('a collector with a quarantine', () => {
  it('keeps live payloads of unknown version and those that end too early, books them, and leaves files alone', async () => {
    const { kept, folder } = quarantine();
    let quarantined = 0;
    const output: CollectorOutput = {
      flows: { write: async (batch) => ({ produced: batch.length, unwatched: 0 }), flush: async () => undefined },
      coverage: async (batch) => {
        for (let row = 0; row < batch.length; row++) quarantined += batch.columns.messagesQuarantined[row]!;
      },
    };
    const collector = createCollector(output, { quarantine: kept });
    const unknown = Uint8Array.of(0, 8, 1, 2);
    const cut = V9[0]!.subarray(0, 40);
    collector.datagram(unknown, from('192.0.2.1'));
    collector.datagram(cut, from('192.0.2.1'));
    collector.datagram(V9[0]!, from('192.0.2.1'));
    collector.datagram(cut, { ...from('192.0.2.9'), transport: 'file' });
    await collector.flush();
    await collector.flushLedger(Number.POSITIVE_INFINITY);
    await kept.stop();
    expect(kept.counters.kept).toBe(2);
    expect(quarantined).toBe(2);
    // What no decoder knows is delivered when one does.
    expect((await replayed(folder)).map(({ payload }) => payload)).toEqual([Buffer.from(cut).toString('hex')]);
  });
});
