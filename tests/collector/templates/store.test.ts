import { describe, expect, it } from 'vitest';
import { compileTemplate, type TemplateFields } from '../../../collector/templates/compile.js';
import { createTemplateStore, type TemplateStore } from '../../../collector/templates/store.js';
import { testOrigin } from '../decoders/decode-all.js';

function fields(id: number, ...specifiers: readonly (readonly [element: number, length: number])[]): TemplateFields {
  return {
    id,
    isOptions: false,
    definition: Uint8Array.from([id & 0xff, ...specifiers.flat().map((n) => n & 0xff)]),
    elements: Float64Array.from(specifiers, ([element]) => element),
    lengths: Uint16Array.from(specifiers, ([, length]) => length),
    scopeFields: 0,
  };
}

const PAIR = [
  [8, 4],
  [12, 4],
] as const;

describe('the template store', () => {
  const domainOf = (store: TemplateStore, address: string, id = 0) => store.domain(testOrigin(address), 'ipfix', id);

  it('tells new, refreshed and redefined templates apart, and keeps the old object unchanged', () => {
    const store = createTemplateStore();
    const domain = domainOf(store, '192.0.2.1');
    expect(store.define(domain, fields(256, ...PAIR))).toBe('new');
    const first = domain.templates.get(256)!;
    expect(store.define(domain, fields(256, ...PAIR))).toBe('same');
    expect(domain.templates.get(256)).toBe(first);
    expect(store.define(domain, fields(256, [12, 4], [8, 4]))).toBe('changed');
    expect(domain.templates.get(256)).not.toBe(first);
    expect(first.elements[0]).toBe(8);
  });

  it('refuses a template of no octets and keeps the one it has', () => {
    const store = createTemplateStore();
    const domain = domainOf(store, '192.0.2.1');
    store.define(domain, fields(256, ...PAIR));
    expect(store.define(domain, fields(256, [8, 0]))).toBe('template-empty');
    expect(domain.templates.get(256)!.minimumLength).toBe(8);
  });

  it('holds a domain to its limit without giving up what is in use', () => {
    const store = createTemplateStore({ limits: { maxTemplatesPerDomain: 3 } });
    const domain = domainOf(store, '192.0.2.1');
    const outcomes = [256, 257, 258, 259].map((id) => store.define(domain, fields(id, ...PAIR)));
    expect(outcomes).toEqual(['new', 'new', 'new', 'template-limit']);
    expect(store.define(domain, fields(256, [8, 4]))).toBe('changed');
    expect(store.stats().templates).toBe(3);
  });

  it('evicts the domain unused for longest when domains or templates are too many', () => {
    const store = createTemplateStore({ limits: { maxDomains: 3, maxTemplates: 4 } });
    const addresses = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    for (const address of addresses) store.define(domainOf(store, address), fields(256, ...PAIR));
    domainOf(store, '192.0.2.1');
    store.define(domainOf(store, '192.0.2.4'), fields(256, ...PAIR));
    expect(domainOf(store, '192.0.2.1').templates.size).toBe(1);
    expect(store.stats()).toEqual({ domains: 3, templates: 3, domainsEvicted: 1 });
    const greedy = domainOf(store, '192.0.2.4');
    for (const id of [300, 301, 302, 303]) store.define(greedy, fields(id, ...PAIR));
    expect(store.stats()).toEqual({ domains: 1, templates: 4, domainsEvicted: 3 });
  });

  it('withdraws one template, or all of a kind', () => {
    const store = createTemplateStore();
    const domain = domainOf(store, '192.0.2.1');
    for (const id of [256, 257]) store.define(domain, fields(id, ...PAIR));
    store.define(domain, { ...fields(258, ...PAIR), isOptions: true });
    store.withdraw(domain, 256);
    store.withdraw(domain, 999);
    expect(store.stats().templates).toBe(2);
    store.withdrawAll(domain, false);
    expect([...domain.templates.keys()]).toEqual([258]);
    expect(store.stats().templates).toBe(1);
  });
});

describe('a compiled template', () => {
  it('knows the shortest record, and whether every record is as short', () => {
    expect(compileTemplate(fields(256, ...PAIR, [371, 0xffff], [1, 3]))).toMatchObject({ minimumLength: 12, isFixed: false });
    expect(compileTemplate(fields(256, ...PAIR))).toMatchObject({ minimumLength: 8, isFixed: true, carriesFlow: true, isBiflow: false });
  });

  it('without any end of a flow carries none', () => {
    expect(compileTemplate(fields(256, [1, 8], [2, 8], [4, 1])).carriesFlow).toBe(false);
    expect(compileTemplate(fields(256, [8, 0], [12, 0], [1, 8])).carriesFlow).toBe(false);
    expect(compileTemplate(fields(256, [56, 6], [1, 8])).carriesFlow).toBe(true);
  });

  it('reads an element that comes twice once, at its first place', () => {
    const steps = compileTemplate(fields(256, ...PAIR, [1, 4], [1, 8])).steps.filter((step) => step.offset >= 8);
    expect(steps.map((step) => step.offset)).toEqual([8]);
  });

  it('of an options template has nothing to write into rows', () => {
    expect(compileTemplate({ ...fields(256, ...PAIR), isOptions: true })).toMatchObject({ steps: [], carriesFlow: false });
  });
});
