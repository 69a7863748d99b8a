import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Origin } from '../../../collector/contracts.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createTemplatePersistence, type PersistenceOptions } from '../../../collector/templates/persistence.js';
import { createTemplateStore, type TemplateStore } from '../../../collector/templates/store.js';
import { DAY_MS } from '../../../flow/time.js';
import { field, set } from '../decoders/build-bytes.js';
import { ipfix, template } from '../decoders/build-ipfix.js';
import { netflow9 } from '../decoders/build-netflow9.js';
import { decodeAll, testOrigin } from '../decoders/decode-all.js';
import { DATA9, record10, V9, V10 } from '../decoders/samples.js';

const folder = mkdtempSync(join(tmpdir(), 'cordon-templates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOW = Date.UTC(2026, 11, 1);
let files = 0;
const newFile = (): string => join(folder, `templates-${files++}.jsonl`);

function persistence(store: TemplateStore, path: string, more: Partial<PersistenceOptions> = {}) {
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (_fields: object, message: string) => void warnings.push(message) };
  return { warnings, ...createTemplatePersistence(store, { path, log, now: () => NOW, ...more }) };
}

/** A store that has heard v9 and IPFIX with options, and the file that its process left behind. */
async function heard(origin: Origin = { ...testOrigin(), receivedMs: NOW - 1000 }): Promise<{ store: TemplateStore; path: string }> {
  const store = createTemplateStore();
  decodeAll(createExportDecoder({ templates: store }), [...V9, ...V10], origin);
  const path = newFile();
  await persistence(store, path).stop();
  return { store, path };
}

async function restarted(path: string, more: Partial<PersistenceOptions> = {}) {
  const store = createTemplateStore();
  const parts = persistence(store, path, more);
  const restored = await parts.load();
  return { store, restored, warnings: parts.warnings };
}

const data9 = netflow9([DATA9], { count: 2, sequence: 3 });
const live = { ...testOrigin(), receivedMs: NOW };

describe('templates over a restart', () => {
  it('decodes data that comes before its template again, by the same rows, and counts the records as read by restored templates', async () => {
    const { store, path } = await heard();
    const before = decodeAll(createExportDecoder({ templates: store }), [data9], live);
    const again = await restarted(path);
    const after = decodeAll(createExportDecoder({ templates: again.store }), [data9], live);
    expect(again.restored).toBe(2);
    expect(after.rows).toBe(2);
    expect(after.reports[0]!.samplingInterval).toBe(before.reports[0]!.samplingInterval);
    expect(after.reports[0]!.samplingInterval).toBe(512);
    const [domain] = [...again.store.domains()].filter(({ owner }) => owner.protocol === 'netflow9');
    expect(domain).toMatchObject({ recordsByRestored: 2 });
    expect([...domain!.restored]).toEqual([
      [256, 2],
      [257, 0],
    ]);
  });

  it('keeps the names of interfaces, VRFs and applications, and selection sequences', async () => {
    const { store } = await heard();
    const [domain] = store.domains();
    domain!.interfaceNames.set(7, 'ge-0/0/7');
    domain!.vrfNames.set(3, 'vendor');
    domain!.applicationNames.set(0x0d0001c5, 'ms-office-365');
    domain!.sampling.set(11, 4);
    domain!.sampling.set(12, 5);
    domain!.sampling.setSequence(99, [11, 12]);
    const path = newFile();
    await persistence(store, path).stop();
    const again = await restarted(path);
    const found = [...again.store.domains()].find(({ owner }) => owner.protocol === domain!.owner.protocol)!;
    expect(found.applicationNames.of(0x0d0001c5)).toBe('ms-office-365');
    expect([found.interfaceNames.of(7), found.vrfNames.of(3), found.sampling.ofSequence(99)]).toEqual(['ge-0/0/7', 'vendor', 20]);
  });

  it('takes the mark off a template that the exporter sends again', async () => {
    const { path } = await heard();
    const { store } = await restarted(path);
    const { reports } = decodeAll(createExportDecoder({ templates: store }), [V9[0]!, data9], live);
    const [domain] = [...store.domains()].filter(({ owner }) => owner.protocol === 'netflow9');
    expect(domain!.restored.size).toBe(0);
    expect(domain!.recordsByRestored).toBe(0);
    expect(reports[0]!.templatesChanged).toBe(0);
  });

  it('takes another definition for a new template when no record was read by the old one, and for an event when one was', async () => {
    const other = ipfix([template(300, [field(8, 4), field(12, 4)])], { sequence: 9 });
    const { path } = await heard();
    const unused = await restarted(path);
    expect(decodeAll(createExportDecoder({ templates: unused.store }), [other], live).reports[0]!.templatesChanged).toBe(0);
    expect(unused.store.redefinitions).toEqual([]);

    const used = await restarted(path);
    const { reports } = decodeAll(createExportDecoder({ templates: used.store }), [ipfix([set(300, [record10(1)])]), other], live);
    expect(reports[1]!.templatesChanged).toBe(1);
    expect(used.store.redefinitions).toMatchObject([{ wasRestored: true, records: 1, atMs: NOW }]);
  });

  it('keeps nothing of TCP and TLS sessions, of files, and of exporters that have been silent for a day', async () => {
    for (const transport of ['tcp', 'tls', 'file'] as const) {
      const { path } = await heard({ ...testOrigin('192.0.2.1', 4739, transport), receivedMs: NOW });
      expect((await restarted(path)).restored, transport).toBe(0);
    }
    const { path } = await heard({ ...testOrigin(), receivedMs: NOW - DAY_MS - 1 });
    expect((await restarted(path)).restored).toBe(0);
  });

  it('tells exporters apart by port where that is asked for', async () => {
    const store = createTemplateStore({ keyByPort: true });
    const from = (port: number): Origin => ({ ...testOrigin('192.0.2.1', port), receivedMs: NOW });
    const decoder = createExportDecoder({ templates: store });
    decodeAll(decoder, V9, from(1));
    const path = newFile();
    await persistence(store, path).stop();
    const again = createTemplateStore({ keyByPort: true });
    await persistence(again, path).load();
    expect(decodeAll(createExportDecoder({ templates: again }), [data9], from(1)).rows).toBe(2);
    expect(decodeAll(createExportDecoder({ templates: again }), [data9], from(2)).rows).toBe(0);
  });

  it('begins without a word where there is no file, and keeps within the limits of the store', async () => {
    const none = await restarted(newFile());
    expect(none).toMatchObject({ restored: 0, warnings: [] });
    const { path } = await heard();
    const small = createTemplateStore({ limits: { maxDomains: 1, maxTemplates: 1 } });
    await persistence(small, path).load();
    expect(small.stats()).toMatchObject({ domains: 1, templates: 1 });
  });
});

describe('a template file that is not as it was written', () => {
  const withChecksum = (body: string): string => `${body}${JSON.stringify({ sha256: createHash('sha256').update(body).digest('hex') })}\n`;

  it.each([
    ['empty', () => ''],
    ['cut off', (text: string) => text.slice(0, -40)],
    ['changed', (text: string) => text.replace('192.0.2.1', '192.0.2.2')],
    ['another version', () => withChecksum('{"cordon":"templates","version":2}\n')],
    ['no JSON under a right checksum', () => withChecksum('{"cordon"\n')],
    ['no domain', () => withChecksum('{"cordon":"templates","version":1}\n{"exporter":"192.0.2.1"}\n')],
    ['null', () => withChecksum('null\nnull\n')],
  ])('is left alone with a warning that names it and the remedy: %s', async (_what, change) => {
    const { path } = await heard();
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    const { restored, warnings, store } = await restarted(path);
    expect(restored).toBe(0);
    expect(store.stats().domains).toBe(0);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(path);
    expect(warnings[0]).toContain('remove it');
  });

  it('is not read when it is larger than the limit, and not written beyond it', async () => {
    const { path, store } = await heard();
    const { warnings } = await restarted(path, { maxFileOctets: 100 });
    expect(warnings[0]).toMatch(/more than 100/);
    const small = newFile();
    await persistence(store, small, { maxFileOctets: 700 }).stop();
    expect(readFileSync(small, 'utf8').length).toBeLessThanOrEqual(700);
    expect((await restarted(small)).warnings).toEqual([]);
  });

  it('never makes a broken store of domains that somebody forged with a right checksum', async () => {
    const path = newFile();
    const anything = fc.oneof(fc.jsonValue(), fc.base64String({ maxLength: 64 }), fc.constant('AQAAAQAIAAQ='));
    const domain = fc.record({
      exporter: fc.oneof(fc.constant('192.0.2.1'), anything),
      exporterPort: fc.oneof(fc.constant(0), anything),
      protocol: fc.constantFrom('netflow9', 'ipfix', 'x'),
      observationDomainId: fc.oneof(fc.constant(1), anything),
      lastSeenMs: fc.oneof(fc.constant(NOW), anything),
      systemInitMs: anything,
      sampling: fc.oneof(fc.constant([[null, 10]]), fc.array(anything)),
      sequences: fc.oneof(fc.constant([[1, [2, 3]]]), fc.array(anything)),
      interfaceNames: fc.oneof(fc.constant([[1, 'eth0']]), fc.array(anything)),
      vrfNames: fc.oneof(fc.constant([]), anything),
      applicationNames: fc.oneof(fc.constant(undefined), fc.constant([[1, 'ssh']]), anything),
      templates: fc.oneof(fc.array(anything), fc.array(fc.constant('AQAAAQAIAAQ='))),
      optionsTemplates: fc.array(fc.constantFrom('AQAABAAEAAEABAAwAAQ=', 'AQAAAgABAAgABAAMAAQ=', '')),
    });
    await fc.assert(
      fc.asyncProperty(domain, async (line) => {
        writeFileSync(path, withChecksum(`{"cordon":"templates","version":1,"domains":1}\n${JSON.stringify(line)}\n`));
        const { store } = await restarted(path);
        const decoder = createExportDecoder({ templates: store });
        for (const payload of [...V9, ...V10]) decodeAll(decoder, [payload], live);
        return true;
      }),
      { numRuns: 200 },
    );
  });
});
