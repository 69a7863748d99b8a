import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createTemplateStore } from '../../../collector/templates/store.js';
import { ElementsError, readUserElements } from '../../../collector/templates/user-elements.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { field, ip4, VARIABLE } from '../decoders/build-bytes.js';
import { ipfixRecord, netflow9Record, type Told } from '../decoders/one-record.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-elements-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function table(text: string): string {
  const path = join(folder, `elements-${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

function problemsOf(...texts: string[]): string[] {
  const paths = texts.map(table);
  try {
    readUserElements(paths);
  } catch (error) {
    if (error instanceof ElementsError) return error.message.split('\n').map((line) => line.replaceAll(`${folder}/`, ''));
    throw error;
  }
  return [];
}

const ENDS: Told[] = [
  [field(8, 4), ip4('192.0.2.1')],
  [field(12, 4), ip4('198.51.100.2')],
  [field(7, 2), 4789],
];

describe("a user's table of elements", () => {
  const elements = readUserElements([join(packageRoot(), 'fixtures/elements/vmware.yaml')]);
  const decode = (told: readonly Told[]) => ipfixRecord(told, [], { templates: createTemplateStore({ elements }) });

  it('fills columns from enterprise elements, before what the record has for them otherwise (the example: VMware)', () => {
    const { cell } = decode([...ENDS, [field(881, 4, 6876), ip4('10.0.0.1')], [field(886, 2, 6876), 443]]);
    expect([cell('sourceIPv6Address'), cell('destinationIPv6Address'), cell('sourceTransportPort')]).toEqual([
      '10.0.0.1',
      '198.51.100.2',
      443,
    ]);
  });

  it('leaves a column as it is where the element is 0 or not there', () => {
    const { cell } = decode([...ENDS, [field(881, 4, 6876), ip4('0.0.0.0')], [field(886, 2, 6876), 0]]);
    expect([cell('sourceIPv6Address'), cell('sourceTransportPort')]).toEqual(['192.0.2.1', 4789]);
    expect(decode(ENDS).cell('sourceIPv6Address')).toBe('192.0.2.1');
  });

  it('makes flows of records that have no other addresses, and names, counters and times of any width', () => {
    const own = readUserElements([
      table(`elements:
  - { pen: 64512, id: 1, name: client, type: ipv6Address, column: sourceIPv6Address }
  - { pen: 64512, id: 2, name: up, type: unsigned64, column: octetDeltaCount }
  - { pen: 64512, id: 3, name: down, type: unsigned64, column: reverseOctetDeltaCount }
  - { pen: 64512, id: 4, name: port, type: string, column: ingressInterfaceName }
  - { pen: 64512, id: 5, name: began, type: dateTimeMilliseconds, column: flowStartMilliseconds }
`),
    ]);
    const client = [0x20, 0x01, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 7];
    const { cell } = ipfixRecord(
      [
        [field(1, 16, 64_512), client],
        [field(2, 3, 64_512), 700],
        [field(3, 8, 64_512), 900],
        [field(4, VARIABLE, 64_512), new TextEncoder().encode('Te0/1')],
        [field(5, 8, 64_512), 1_796_255_999_000],
      ],
      [],
      { templates: createTemplateStore({ elements: own }) },
    );
    expect([cell('sourceIPv6Address'), cell('octetDeltaCount'), cell('reverseOctetDeltaCount'), cell('biflow')]).toEqual([
      '2001:db8::7',
      700,
      900,
      1,
    ]);
    expect([cell('ingressInterfaceName'), Date.parse(String(cell('flowStartMilliseconds')))]).toEqual(['Te0/1', 1_796_255_999_000]);
  });

  it('reaches types of NetFlow v9 by enterprise 0', () => {
    const own = readUserElements([table('elements: [{ pen: 0, id: 57590, name: proto, type: unsigned16, column: vlanId }]')]);
    expect(
      netflow9Record([...ENDS, [field(57_590, 2), 82]], [], { templates: createTemplateStore({ elements: own }) }).cell('vlanId'),
    ).toBe(82);
  });
});

describe('a wrong table', () => {
  it('is refused with file, line, column and remedy, all problems at once', () => {
    expect(
      problemsOf('elements:\n  - { pen: 9, id: 1, name: a, type: unsigned24 }\n  - { pen: 9, id: 0, name: b, typ: string }\n'),
    ).toEqual([
      expect.stringMatching(/^elements-\d+\.yaml:2:\d+: .*unsigned24.*write one of octetArray/),
      expect.stringMatching(/^elements-\d+\.yaml:3:\d+: .*lacks 'type'/),
      expect.stringMatching(/^elements-\d+\.yaml:3:\d+: .*unknown key 'typ'; did you mean 'type'/),
      expect.stringMatching(/^elements-\d+\.yaml:3:\d+: .*number from 1/),
    ]);
  });

  it('cannot send a value to a column of another kind, or to one that is not for exporters to tell', () => {
    expect(problemsOf('elements: [{ pen: 9, id: 1, name: a, type: string, column: vlanId }]')).toEqual([
      expect.stringMatching(/:1:\d+: 'vlanId' cannot hold string; its elements are unsigned8/),
    ]);
    expect(problemsOf('elements: [{ pen: 9, id: 1, name: a, type: string, column: sensor }]')).toHaveLength(1);
  });

  it('cannot define an element twice, in one file or in two', () => {
    const one = 'elements: [{ pen: 9, id: 1, name: a, type: string }]';
    expect(problemsOf(one, one)).toEqual([
      expect.stringMatching(/^elements-\d+\.yaml: element 1 \(9:1\) is defined before, by elements-\d+/),
    ]);
  });

  it('that is not there is named', () => {
    expect(() => readUserElements([join(folder, 'none.yaml')])).toThrow(/none\.yaml: cannot be read \(ENOENT\)/);
  });
});
