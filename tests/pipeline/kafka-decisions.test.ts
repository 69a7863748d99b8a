import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import type { Finding } from '../../detector/findings/finding.js';
import { kafkaBrokers, kafkaSkip } from '../kafka/shared.js';
import { cordon, killAll, says, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { createShape } from './support/kafka-shape.js';

/*
 * The distributed shape without a database server: `cordon store` holds the embedded store for as long as it runs. Findings are asked of it and decided there, and a
 * detector in another process hears of it.
 */

interface Listed extends Finding {
  readonly standing: { readonly state: string };
}

let folder: string;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-decisions-'));
});
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(kafkaSkip !== undefined)(
  'while `cordon store` holds the store it answers, and the detector of the same data folder follows what is decided',
  async () => {
    const { claims, approvals } = loadScenario('port-scanners');
    const shape = createShape({ brokers: await kafkaBrokers(), folder, claims, approvals, partitions: 2 });
    const flags = ['--config', shape.config, '--data', shape.data];
    const list = async (): Promise<Listed[]> =>
      JSON.parse(await cordon(['findings', 'list', '--json', '--state', 'all', ...flags])) as Listed[];
    const because = ['--author', 'analyst-a', '--reason', 'INC-77'];

    const store = await shape.store();
    const detect = await shape.detect('store');
    await cordon(['replay', '--scenario', 'port-scanners', '--input', 'packets', '--to', 'kafka', '--config', shape.config]);
    await shape.drained([store, detect]);

    const before = await list();
    const [one, other] = before;
    expect(before.length).toBeGreaterThan(1);
    await cordon(['findings', 'ack', one!.id, ...because, ...flags]);
    await cordon(['findings', 'close', other!.id, '--as', 'incident', ...because, ...flags]);
    await says(detect, /"decisions":1,.*decisions of people are followed/);
    const after = await list();
    expect(after.find(({ id }) => id === one!.id)?.standing.state).toBe('acknowledged');
    const page = join(folder, 'report.html');
    await cordon(['report', '--out', page, ...flags], [0, 1, 2]);
    expect(readFileSync(page, 'utf8')).toContain('border-fw');

    await stop(detect);
    await stop(store);
    expect(await list(), 'the same when nobody holds the store').toEqual(after);
  },
);
