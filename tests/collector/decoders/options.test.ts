import { describe, expect, it } from 'vitest';
import { createTemplateStore } from '../../../collector/templates/store.js';
import { type FieldSpec, type FieldValue, field, ip4, recordBytes, set, VARIABLE } from './build-bytes.js';
import { ipfix, optionsTemplate, template } from './build-ipfix.js';
import { netflow9, optionsTemplate9, template9 } from './build-netflow9.js';
import { decodeOne, type Told } from './one-record.js';

const PAIR = [field(8, 4), field(12, 4)];
const ENDS: FieldValue[] = [ip4('192.0.2.1'), ip4('198.51.100.2')];
const text = (value: string, length: number) => {
  const octets = new Uint8Array(length);
  octets.set(new TextEncoder().encode(value));
  return octets;
};
const utf8 = (value: string) => new TextEncoder().encode(value);

/** Options records and one record after them, in IPFIX. */
function behind(options: readonly (readonly Told[])[], told: readonly Told[], limits = {}) {
  const sets = options.flatMap((one, index) => {
    const fields = one.map(([spec]) => spec);
    const id = 400 + index;
    return [
      optionsTemplate(id, fields),
      set(id, [
        recordBytes(
          fields,
          one.map(([, value]) => value),
        ),
      ]),
    ];
  });
  const fields = [...PAIR, ...told.map(([spec]) => spec)];
  const data = set(256, [recordBytes(fields, [...ENDS, ...told.map(([, value]) => value)])]);
  return decodeOne([ipfix([...sets, template(256, fields), data])], { templates: createTemplateStore({ limits }) });
}

describe('names told in options records', () => {
  const INTERFACES: Told[] = [
    [field(10, 4), 7],
    [field(14, 4), 8],
  ];
  const named = (index: number, name: string, by = 10): Told[] => [
    [field(by, 4), index],
    [field(82, VARIABLE), utf8(name)],
  ];

  it('of interfaces, by their index, whichever element carries it', () => {
    for (const by of [10, 14, 252, 253]) {
      const { cell } = behind([named(7, 'Te0/0/1', by), named(8, 'Te0/0/2', by)], INTERFACES);
      expect([cell('ingressInterfaceName'), cell('egressInterfaceName')]).toEqual(['Te0/0/1', 'Te0/0/2']);
    }
  });

  it("of interfaces in NetFlow v9: in Cisco's interface table, and with an interface for a scope; the description where there is no name", () => {
    const table = [field(10, 4), field(82, 32), field(83, 64)];
    const byScope = [field(83, 64)];
    const data = [...PAIR, field(10, 4), field(14, 4)];
    const { cell } = decodeOne([
      netflow9([
        optionsTemplate9(300, [field(1, 4)], table),
        set(300, [recordBytes([field(1, 4), ...table], [1, 7, text('Gi1', 32), text('to the core', 64)])]),
        optionsTemplate9(301, [field(2, 4)], byScope),
        set(301, [recordBytes([field(2, 4), ...byScope], [8, text('TenGigE0_0_1_0', 64)])]),
        template9(256, data),
        set(256, [recordBytes(data, [...ENDS, 7, 8])]),
      ]),
    ]);
    expect([cell('ingressInterfaceName'), cell('egressInterfaceName')]).toEqual(['Gi1', 'TenGigE0_0_1_0']);
  });

  it('are those of the own observation domain, change when they are told anew, and are bounded', () => {
    const { cell } = behind([named(7, 'old'), named(7, 'new'), named(9, 'too many')], [[field(10, 4), 7]], { maxNamesPerDomain: 1 });
    expect(cell('ingressInterfaceName')).toBe('new');
    expect(
      behind([named(7, 'first'), named(9, 'second')], [[field(10, 4), 9]], { maxNamesPerDomain: 1 }).cell('ingressInterfaceName'),
    ).toBe('');
    expect(behind([], [[field(10, 4), 7]]).cell('ingressInterfaceName')).toBe('');
  });

  it('never carry control characters to a terminal', () => {
    expect(behind([named(7, '\u001b[31mred\u0007')], [[field(10, 4), 7]]).cell('ingressInterfaceName')).toBe('[31mred');
  });

  it('of applications: told by options (RFC 6759), by the record itself, or not at all', () => {
    const application = (id: number, name: string): Told[] => [
      [field(95, 4), id],
      [field(96, 24), text(name, 24)],
    ];
    const ssh = application(0x0300_0016, 'ssh');
    expect(behind([ssh], [[field(95, 4), 0x0300_0016]]).cell('applicationName')).toBe('ssh');
    expect(behind([ssh], [[field(95, 4), 0x0300_0017]]).cell('applicationName')).toBe('');
    expect(behind([], [[field(96, 8), text('dnp3', 8)]]).cell('applicationName')).toBe('dnp3');
    expect(behind([ssh], application(0x0300_0016, 'tunnelled')).cell('applicationName')).toBe('tunnelled');
  });

  it('of VRFs: told by options, by the record itself, or the number', () => {
    const vrf: Told[] = [
      [field(234, 4), 12],
      [field(236, VARIABLE), utf8('blue')],
    ];
    expect(behind([vrf], [[field(234, 4), 12]]).cell('vrfName')).toBe('blue');
    expect(behind([vrf], [[field(234, 4), 13]]).cell('vrfName')).toBe('vrf 13');
    expect(behind([vrf], [[field(235, 4), 12]]).cell('vrfName')).toBe('blue');
    expect(behind([], [[field(234, 4), 0]]).cell('vrfName')).toBe('');
    expect(
      behind(
        [vrf],
        [
          [field(234, 4), 12],
          [field(236, 8), text('red', 8)],
        ],
      ).cell('vrfName'),
    ).toBe('red');
  });
});

describe('sampling told in options records', () => {
  const interval = (options: readonly (readonly Told[])[], told: readonly Told[] = []) => behind(options, told).cell('samplingInterval');
  const selector = (id: number, ...told: Told[]): Told[] => [[field(302, 8), id], ...told];
  const systematic = (id: number, rate: number) => selector(id, [field(304, 2), 1], [field(305, 4), 1], [field(306, 4), rate - 1]);

  it('by every method of RFC 5477', () => {
    const float = new Uint8Array(8);
    new DataView(float.buffer).setFloat64(0, 0.01);
    expect(interval([systematic(1, 1000)])).toBe(1000);
    expect(interval([selector(1, [field(304, 2), 2], [field(307, 4), 100], [field(308, 4), 99_900])])).toBe(1000);
    expect(interval([selector(1, [field(304, 2), 3], [field(309, 4), 2], [field(310, 4), 1000])])).toBe(500);
    expect(interval([selector(1, [field(304, 2), 4], [field(311, 8), float])])).toBe(100);
  });

  it('by selector, whichever the record names; 301 is all selectors of a sequence', () => {
    const two = [systematic(1, 100), systematic(2, 2000)];
    expect(interval(two, [[field(302, 8), 2]])).toBe(2000);
    expect(interval(two, [[field(302, 1), 1]])).toBe(100);
    expect(interval(two)).toBe(0);
    const sequence: Told[] = [
      [field(301, 8), 5],
      [field(302, 8), 1],
      [field(302, 8), 2],
    ];
    expect(interval([...two, sequence], [[field(301, 8), 5]])).toBe(200_000);
  });

  it('by interface: the one that packets came in by, else the one they left by; interface 0 is all', () => {
    const byInterface = (index: number, rate: number): Told[] => [
      [field(10, 4), index],
      [field(34, 4), rate],
    ];
    const two = [byInterface(7, 100), byInterface(8, 2000)];
    expect(interval(two, [[field(10, 4), 7]])).toBe(100);
    expect(
      interval(two, [
        [field(10, 4), 1],
        [field(14, 4), 8],
      ]),
    ).toBe(2000);
    expect(interval(two, [[field(10, 4), 1]])).toBe(0);
    expect(interval([byInterface(0, 50)], [[field(10, 4), 9]])).toBe(50);
  });

  it('by line card says nothing where cards differ', () => {
    const card = (id: number, rate: number): Told[] => [
      [field(141, 4), id],
      [field(34, 4), rate],
    ];
    expect([interval([card(1, 100), card(2, 100)]), interval([card(1, 100), card(2, 200)])]).toEqual([100, 0]);
  });
});

describe('what an exporter counts of itself (RFC 7011 §4)', () => {
  const report = (options: readonly (readonly Told[])[]) => behind(options, []).report.statistics;

  it('is reported as running totals, NaN what is not told', () => {
    const fields: [FieldSpec, number][] = [
      [field(144, 4), 1],
      [field(41, 8), 76],
      [field(42, 8), 760],
      [field(166, 8), 3],
    ];
    expect(report([fields])).toEqual({
      exportedMessages: 76,
      exportedRecords: 760,
      notSentRecords: 3,
      ignoredPackets: Number.NaN,
      ignoredOctets: Number.NaN,
    });
    expect(
      report([
        [
          [field(143, 4), 1],
          [field(164, 8), 58],
          [field(165, 8), 4000],
        ],
      ]),
    ).toMatchObject({ ignoredPackets: 58, ignoredOctets: 4000 });
  });

  it('of several processes in one message is added up', () => {
    const process = (id: number, ignored: number): Told[] => [
      [field(143, 4), id],
      [field(164, 8), ignored],
    ];
    expect(report([process(1, 58), process(2, 2)]).ignoredPackets).toBe(60);
  });
});
