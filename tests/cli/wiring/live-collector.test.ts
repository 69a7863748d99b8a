import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createRedefinitionTeller, startLiveParts } from '../../../cli/wiring/live-collector.js';
import { isAlive, readProcessFiles, writeProcessFile } from '../../../cli/wiring/process-status.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createTemplateStore } from '../../../collector/templates/store.js';
import { defaultConfig } from '../../../flow/service/config.js';
import { Lifecycle } from '../../../flow/service/lifecycle.js';
import { createLog } from '../../../flow/service/log.js';
import { field } from '../../collector/decoders/build-bytes.js';
import { ipfix, template } from '../../collector/decoders/build-ipfix.js';
import { decodeAll, testOrigin } from '../../collector/decoders/decode-all.js';

const root = mkdtempSync(join(tmpdir(), 'cordon-live-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const log = createLog('silent', 'test');

/** A store in which so many templates have been redefined. */
function redefined(times: number, store = createTemplateStore()) {
  const decoder = createExportDecoder({ templates: store });
  for (let turn = 0; turn <= times; turn++) {
    decodeAll(decoder, [ipfix([template(300, [field(8, 4), field(turn % 2 === 0 ? 12 : 15, 4)])])], { ...testOrigin(), receivedMs: turn });
  }
  return store;
}

describe('templates redefined in flight', () => {
  it('are told once each with both definitions, and in number where they are many', () => {
    const lines: string[] = [];
    const warn = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const store = redefined(1);
    const tell = createRedefinitionTeller(store, { warn });
    tell();
    tell();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('template 300 of 192.0.2.1, domain 0, ipfix was redefined in flight');
    expect(lines[0]).toContain('sourceIPv4Address/4 destinationIPv4Address/4');
    redefined(100, store);
    tell();
    expect(lines).toHaveLength(1 + 5 + 1);
    expect(lines.at(-1)).toMatch(/^27 more templates were redefined/);
  });
});

describe('what a live collector has beside', () => {
  it('keeps templates from one start to the next, unless it is told not to', async () => {
    const start = async (persist: boolean): Promise<number> => {
      const config = defaultConfig();
      config.collector.templates.persist = persist;
      const lifecycle = new Lifecycle(log);
      const { templates } = await startLiveParts({ config, data: root, log, lifecycle });
      const known = templates.stats().templates;
      const decoder = createExportDecoder({ templates });
      decodeAll(decoder, [ipfix([template(300, [field(8, 4), field(12, 4)])])], { ...testOrigin(), receivedMs: Date.now() });
      await lifecycle.stop();
      return known;
    };
    expect(await start(false)).toBe(0);
    expect(existsSync(join(root, 'state/templates.jsonl'))).toBe(false);
    expect(await start(true)).toBe(0);
    expect(await start(true)).toBe(1);
    expect(await start(false)).toBe(0);
  });

  it('has no quarantine where none is wanted', async () => {
    const config = defaultConfig();
    config.collector.quarantineBytes = 0;
    const lifecycle = new Lifecycle(log);
    const live = await startLiveParts({ config, data: root, log, lifecycle });
    await lifecycle.stop();
    expect(live.quarantine).toBeUndefined();
    expect(live.settings.quarantine).toBeUndefined();
  });
});

describe('files of processes', () => {
  it('say who runs, and those of processes that were killed are removed by the next', async () => {
    const data = join(root, 'processes-test');
    const dead = 2 ** 22 + 1; // above Linux' largest process id
    expect(isAlive(process.pid)).toBe(true);
    expect(isAlive(dead)).toBe(false);
    await writeProcessFile(data, { role: 'collect', pid: dead, url: 'http://127.0.0.1:1' });
    expect(readProcessFiles(data).map(({ pid }) => pid)).toEqual([dead]);
    const file = await writeProcessFile(data, { role: 'run', pid: process.pid, url: 'http://127.0.0.1:2' });
    expect(readProcessFiles(data)).toEqual([{ role: 'run', pid: process.pid, url: 'http://127.0.0.1:2' }]);
    await file.remove();
    expect(readProcessFiles(data)).toEqual([]);
  });
});
