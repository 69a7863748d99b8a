import { join } from 'node:path';
import { createStoreService } from '../../../detector/store/service/store-service.js';
import { createStore } from '../../../detector/store/store.js';
import { openCommitFile } from '../../../flow/bus/commit-file.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { CRASH_PARTITIONS, crashFrames } from './crash-input.js';

/*
 * A process that replays the same frames into the store in a data folder (its argument), until it is done or killed. Prints 'storing' when the
 * first frame goes out, 'done' when all are stored.
 */
const folder = process.argv[2]!;
const store = createStore({ kind: 'chdb', path: join(folder, 'data'), readers: 1 });
await store.start();
await store.migrate();
const bus = createLocalBus({
  partitions: { flows: CRASH_PARTITIONS },
  logs: { flows: 'the-replay' },
  commits: await openCommitFile(join(folder, 'commits.json')),
  groups: { flows: ['store'] },
});
await bus.start();
const service = createStoreService({
  bus,
  store,
  group: 'store',
  log: { info: () => {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) },
  // Small batches: many moments at which a kill does harm.
  limits: { maxBatchRows: 2000, maxWaitMs: 15 },
});
await service.start();
const frames = crashFrames();
process.stdout.write('storing\n');
for (const { partition, message } of frames) await bus.publish('flows', partition, message);
await bus.flush(['flows']);
await service.stop();
await bus.stop();
await store.close();
process.stdout.write(`done ${service.counters.flows.repeated}\n`);
