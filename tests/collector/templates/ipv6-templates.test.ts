import { describe, expect, it } from 'vitest';
import { compileTemplate, type TemplateFields } from '../../../collector/templates/compile.js';
import { Ipv6Templates } from '../../../collector/templates/ipv6-templates.js';
import { createTemplateStore } from '../../../collector/templates/store.js';
import { Ipv6Fields } from '../../../flow/coverage.js';
import { testOrigin } from '../decoders/decode-all.js';

type Specifier = readonly [element: number, length: number];

function fields(id: number, specifiers: readonly Specifier[], isOptions = false): TemplateFields {
  return {
    id,
    isOptions,
    definition: Uint8Array.from([id & 0xff, ...specifiers.flat().map((n) => n & 0xff)]),
    elements: Float64Array.from(specifiers, ([element]) => element),
    lengths: Uint16Array.from(specifiers, ([, length]) => length),
    scopeFields: 0,
  };
}

const V4: readonly Specifier[] = [
  [8, 4],
  [12, 4],
  [1, 4],
];
const V6: readonly Specifier[] = [
  [27, 16],
  [28, 16],
  [1, 4],
];

describe('a template can tell IPv6 addresses', () => {
  it.each<[string, readonly Specifier[], boolean]>([
    ['IPv4 ends', V4, false],
    ['IPv6 ends', V6, true],
    ['both families (Huawei)', [...V4, ...V6.slice(0, 2)], true],
    ['IPv6 fields of length zero', [...V4, [27, 0], [28, 0]], false],
    ['IPv6 after translation alone (281, 282)', [...V4, [281, 16], [282, 16]], false],
    ['a section of the packet, no addresses (313)', [[313, 0xffff]], true],
    ['a section beside IPv4 ends, which is not read', [...V4, [313, 0xffff]], false],
    ['a list of values (291) and no addresses', [[291, 0xffff]], true],
    ['a list of values beside IPv4 ends (YAF)', [...V4, [291, 0xffff]], false],
  ])('%s', (_name, specifiers, able) => {
    expect(compileTemplate(fields(256, specifiers)).carriesIPv6).toBe(able);
  });

  it('options never do', () => expect(compileTemplate(fields(256, V6, true)).carriesIPv6).toBe(false));
});

describe('the templates in force', () => {
  const v4 = compileTemplate(fields(256, V4));
  const v6 = compileTemplate(fields(257, V6));

  it('say nothing while none is known, and are those of the store', () => {
    const store = createTemplateStore();
    const domain = store.domain({ ...testOrigin(), transport: 'tcp' }, 'ipfix', 0);
    expect(domain.ipv6.fields).toBe(Ipv6Fields.unknown);
    store.define(domain, fields(258, V4, true));
    expect(domain.ipv6.fields).toBe(Ipv6Fields.unknown);
    store.define(domain, fields(256, V4));
    expect(domain.ipv6.fields).toBe(Ipv6Fields.none);
    store.define(domain, fields(257, V6));
    expect(domain.ipv6.fields).toBe(Ipv6Fields.some);
    store.define(domain, fields(257, V4));
    expect(domain.ipv6.fields).toBe(Ipv6Fields.none);
    store.define(domain, fields(257, V6));
    store.withdraw(domain, 257);
    expect(domain.ipv6.fields).toBe(Ipv6Fields.none);
    store.withdrawAll(domain, false);
    expect(domain.ipv6.fields).toBe(Ipv6Fields.unknown);
  });

  it('are those of before a restart until the exporter shows that it has others', () => {
    const store = createTemplateStore();
    const { exporter, exporterPort, transport } = testOrigin();
    const owner = { exporter, exporterPort, transport, protocol: 'netflow9', observationDomainId: 0 };
    const domain = store.restore(owner, 0, [fields(256, V4), fields(257, V6)])!;
    expect(domain.ipv6.fields).toBe(Ipv6Fields.some);
    for (let n = 0; n < 4; n++) store.define(domain, fields(256, V4));
    expect(domain.ipv6.fields).toBe(Ipv6Fields.none);
  });

  it('over UDP, one that is no longer repeated with the others is gone after three of their tellings', () => {
    const templates = new Ipv6Templates();
    for (const template of [v4, v6]) templates.added(template);
    const tell = () => {
      templates.told(v4);
      return templates.fields;
    };
    templates.told(v6);
    expect([tell(), tell(), tell(), tell()]).toEqual([Ipv6Fields.some, Ipv6Fields.some, Ipv6Fields.some, Ipv6Fields.none]);
    templates.told(v6);
    expect(templates.fields).toBe(Ipv6Fields.some);
    expect([tell(), tell(), tell()]).not.toContain(Ipv6Fields.none);
    // Its records show as much.
    templates.used();
    expect(tell()).toBe(Ipv6Fields.some);
  });
});
