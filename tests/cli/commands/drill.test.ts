import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drillCommand } from '../../../cli/commands/drill.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { exampleClaims } from '../../../detector/detections/example-claims.js';
import { drillPorts } from '../../../detector/drills/nonce.js';
import { formatAddress } from '../../../flow/address.js';
import { decodeAll } from '../../collector/decoders/decode-all.js';

const KEY = '0123456789abcdef0123456789abcdef';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-drill-'));
  const text = exampleClaims('{ only: [ { peer: { sets: [archive] } } ] }').replace(
    'claims:\n',
    'drills:\n  border: { fleet: scanners, probe: scan-02, sink: "192.0.2.10", every: PT10M }\nclaims:\n',
  );
  writeFileSync(join(folder, 'c.yaml'), text);
  writeFileSync(join(folder, 'drills.key'), `${KEY}\n`);
  writeFileSync(join(folder, 'cordon.yaml'), 'claims: [c.yaml]\ndrills: { keyFile: drills.key }\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('cordon drill', () => {
  it('sends the flow record of a drill to a collector, and writes down what it sent', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const arrived = once(socket, 'message') as Promise<[Buffer]>;
    const registry = join(folder, 'sent.jsonl');
    const args = ['border', '--config', join(folder, 'cordon.yaml'), '--exporter', `127.0.0.1:${socket.address().port}`];
    await drillCommand().parseAsync([...args, '--registry', registry, '--no-wait'], { from: 'user' });
    const [message] = await arrived;
    socket.close();
    const sent = JSON.parse(readFileSync(registry, 'utf8')) as { sourcePort: number; destinationPort: number; atMs: number; drill: string };
    const ports = drillPorts(Buffer.from(KEY), 'example', 'border', Math.floor(sent.atMs / 600_000));
    expect(sent).toMatchObject({ drill: 'border', sourcePort: ports.source, destinationPort: ports.destination });
    const record = message.subarray(16 + 8 + 9 * 4);
    expect([record.readUInt16BE(29), record.readUInt16BE(31)]).toEqual([ports.source, ports.destination]);
  });

  it('goes over IPv6 where the sink is there, from the address that the probe has of it', async () => {
    const socket = createSocket('udp6').bind(0, '::1');
    await once(socket, 'listening');
    const arrived = once(socket, 'message') as Promise<[Buffer]>;
    const claims = join(folder, 'c.yaml');
    writeFileSync(
      claims,
      readFileSync(claims, 'utf8').replace('probe: scan-02, sink: "192.0.2.10"', 'probe: scan-01, sink: "2001:db8::10"'),
    );
    const args = ['--config', join(folder, 'cordon.yaml'), '--exporter', `[::1]:${socket.address().port}`, '--no-wait'];
    await drillCommand().parseAsync(args, { from: 'user' });
    const [message] = await arrived;
    socket.close();
    const { batch, rows } = decodeAll(createExportDecoder(), [message]);
    expect(rows).toBe(1);
    const { sourceIPv6Address, destinationIPv6Address } = batch.columns;
    expect([formatAddress(sourceIPv6Address.bytes), formatAddress(destinationIPv6Address.bytes)]).toEqual([
      'fd00:40:10::11',
      '2001:db8::10',
    ]);
  });

  it('cannot go from a probe of one family to a sink of the other', async () => {
    const claims = join(folder, 'c.yaml');
    writeFileSync(claims, readFileSync(claims, 'utf8').replace('sink: "192.0.2.10"', 'sink: "2001:db8::10"'));
    await expect(drillCommand().parseAsync(['--config', join(folder, 'cordon.yaml'), '--no-wait'], { from: 'user' })).rejects.toThrow(
      /the probe of border \(10\.40\.10\.12\) has no address of the sink's family \(2001:db8::10\)/,
    );
  });

  it('names what is there when the drill is not, and refuses an address that it has not got', async () => {
    const config = ['--config', join(folder, 'cordon.yaml'), '--no-wait'];
    await expect(drillCommand().parseAsync(['outer', ...config], { from: 'user' })).rejects.toThrow(/there are border/);
    await expect(drillCommand().parseAsync(['border', ...config], { from: 'user' })).rejects.toThrow(/run it on the probe/);
  });
});
