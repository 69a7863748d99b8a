import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadScenario } from '../../cli/scenario/scenario.js';
import { createSensorNamer, loadClaimSets } from '../../cli/wiring/claim-sets.js';
import { startEmbedded } from '../../cli/wiring/embedded.js';
import { createBusOutput, createCollector } from '../../collector/collector.js';
import { readFileInto } from '../../collector/files.js';
import { createFlowOutput } from '../../collector/outputs/flow-output.js';
import { KEEP_FOREVER } from '../../detector/store/store.js';
import { Lifecycle } from '../../flow/service/lifecycle.js';
import { createLog } from '../../flow/service/log.js';
import { contentOf } from './support/content.js';
import { cordon } from './support/cordon.js';
import { freshDist } from './support/dist.js';

/* A live pipeline that is asked to stop has telemetry in every part of it. No file holds that a second time: all of it must be judged and stored. */

/** Live frames are small: what a second brought. A day in such frames is more than a reader takes in with one call, so that some wait on the bus. */
const ROWS_PER_FRAME = 16;

let folder: string;
beforeAll(async () => {
  await freshDist();
  folder = mkdtempSync(join(tmpdir(), 'cordon-stop-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a live pipeline stopped in the middle of its work keeps what it received', async () => {
  const { claims, approvals, inputs } = loadScenario('port-scanners');
  const { file: path, sensor } = inputs.get('ipfix')!;
  const reference = join(folder, 'reference');
  await cordon(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--json', '--data', reference], [1]);

  const data = join(folder, 'live');
  const claimSets = loadClaimSets([{ file: claims, approvals }]);
  const log = createLog('silent', 'test');
  const lifecycle = new Lifecycle(log);
  const { bus } = await startEmbedded({ data, claimSets, retention: KEEP_FOREVER, log }, lifecycle);
  const { watchList } = claimSets;
  const collector = createCollector({
    ...createBusOutput({ bus, watchList }),
    flows: createFlowOutput({ bus, watchList, rowsPerFrame: ROWS_PER_FRAME }),
  });
  // What a socket's part does when it is stopped: it hands on what it has, and is gone.
  await lifecycle.start({
    name: 'input',
    async stop() {
      await collector.flush();
      await collector.flushLedger(Number.POSITIVE_INFINITY);
    },
  });
  await readFileInto(collector, { path, format: 'export-pcap', sensor, sensorOf: createSensorNamer(claimSets.sets, {}) });
  await lifecycle.stop();

  const list = (from: string) => cordon(['findings', 'list', '--json', '--data', from]);
  expect(await list(data)).toBe(await list(reference));
  expect(await contentOf(data)).toEqual(await contentOf(reference));
});

test('looking into the folder of a replay does not let its rows expire', async () => {
  const data = join(folder, 'looked-into');
  await cordon(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--json', '--data', data], [1]);
  await cordon(['findings', 'list', '--data', data]);
  expect((await contentOf(data)).expiring).toEqual({ tables: '0' });
});
