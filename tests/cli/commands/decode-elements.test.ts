import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAddress } from '../../../flow/address.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { field, ip4, recordBytes, set } from '../../collector/decoders/build-bytes.js';
import { ipfix, optionsTemplate, template } from '../../collector/decoders/build-ipfix.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
beforeAll(freshDist);

const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A datagram of VMware's distributed switch: VXLAN outside, a tenant's packets inside; and an interface's name. */
function vmware(): string {
  const fields = [field(8, 4), field(12, 4), field(10, 4), field(881, 4, 6876), field(882, 4, 6876)];
  const options = [field(10, 4), field(82, 4)];
  const record = recordBytes(fields, [ip4('192.0.2.1'), ip4('192.0.2.2'), 7, ip4('10.0.0.1'), ip4('10.0.0.2')]);
  const path = join(scratch.path, 'vmware.dat');
  writeFileSync(
    path,
    ipfix([
      optionsTemplate(300, options),
      set(300, [recordBytes(options, [7, new TextEncoder().encode('eth7')])]),
      template(256, fields),
      set(256, [record]),
    ]),
  );
  return path;
}

describe('cordon decode --all-elements', () => {
  test('shows every record of an export by its elements, as many as there are rows', async () => {
    const { code, stdout } = await command(['decode', '--all-elements', '--quiet', scenarioFile('port-scanners', 'ipfix.pcap.gz')]);
    const records = lines(stdout);
    const rows = lines((await command(['decode', '--quiet', scenarioFile('port-scanners', 'ipfix.pcap.gz')])).stdout);
    expect(code).toBe(0);
    const data = records.filter(({ record }) => record === 'data');
    expect(data.length).toBe(rows.length);
    expect(data[0]).toMatchObject({ exportProtocol: 'ipfix', fields: { sourceIPv4Address: expect.any(String) } });
    expect(parseAddress(String((data[0]!.fields as Record<string, unknown>).sourceIPv4Address))).toHaveLength(16);
  });

  test('shows options with their scope, and templates where they are asked for', async () => {
    const { stdout } = await command(['decode', '--format', 'netflow', '--all-elements', '--templates', '--quiet', vmware()]);
    expect(lines(stdout).map(({ record }) => record)).toEqual(['options-template', 'options', 'template', 'data']);
    expect(lines(stdout)[1]).toMatchObject({ scope: { ingressInterface: 7 }, fields: { interfaceName: 'eth7' } });
    expect(lines(stdout)[3]).toMatchObject({ fields: { tenantSourceIPv4: '10.0.0.1' } });
  });

  test.each([
    [['--all-elements', '--output', 'csv'], 'leave --output csv away'],
    [['--templates'], 'give both'],
  ])('refuses %j', async (flags, remedy) => {
    const { code, stderr } = await command(['decode', ...flags, vmware()]);
    expect([code, stderr]).toEqual([4, expect.stringContaining(remedy)]);
  });
});

describe('cordon decode --elements-file', () => {
  test("fills columns from a maker's elements (the example)", async () => {
    const table = join(packageRoot(), 'fixtures/elements/vmware.yaml');
    const { code, stdout } = await command(['decode', '--format', 'netflow', '--quiet', '--elements-file', table, vmware()]);
    expect(code).toBe(0);
    expect(lines(stdout)[0]).toMatchObject({
      sourceIPv6Address: '10.0.0.1',
      destinationIPv6Address: '10.0.0.2',
      ingressInterfaceName: 'eth7',
    });
  });

  test('says what is wrong in a table, with file and line', async () => {
    const path = join(scratch.path, 'wrong.yaml');
    writeFileSync(path, readFileSync(join(packageRoot(), 'fixtures/elements/vmware.yaml'), 'utf8').replace('unsigned8', 'byte'));
    const { code, stderr } = await command(['decode', '--elements-file', path, vmware()]);
    expect([code, stderr]).toEqual([4, expect.stringMatching(/wrong\.yaml:\d+:\d+: .*byte/)]);
  });
});
