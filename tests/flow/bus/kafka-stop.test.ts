import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../flow/service/paths.js';
import { kafkaBrokers, kafkaSkip } from '../../kafka/shared.js';
import { freshDist } from '../../pipeline/support/dist.js';

/** Moments of a start at which it is stopped, in ms after its beginning: a start takes some 300 ms here. */
const MOMENTS = Array.from({ length: 40 }, (_, index) => index * 10);
const PATIENCE_MS = 30_000;

/*
 * A process that has stopped its bus ends by itself, at whatever moment of the start that was. Timers and sockets that stay keep a collector alive after
 * SIGTERM, and whoever has stopped it waits for ever.
 */
describe.skipIf(kafkaSkip !== undefined)('a bus that is stopped while it starts', () => {
  let brokers: string[];
  beforeAll(async () => {
    await freshDist();
    brokers = await kafkaBrokers();
  });

  it('leaves nothing behind that keeps the process alive', async () => {
    const module = pathToFileURL(join(packageRoot(), 'dist/flow/bus/kafka.js')).href;
    const topicPrefix = `stop-${randomUUID().slice(0, 8)}.`;
    const program = `
      import { createKafkaBus } from ${JSON.stringify(module)};
      const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const options = ${JSON.stringify({ brokers, topicPrefix })};
      const first = createKafkaBus(options);
      await first.start();
      await first.stop();
      await Promise.all(${JSON.stringify(MOMENTS)}.map(async (moment) => {
        const bus = createKafkaBus(options);
        const started = bus.start().catch(() => undefined);
        await sleep(moment);
        await bus.stop();
        await started;
      }));
      console.log('stopped');
      setTimeout(() => {
        console.log(JSON.stringify(process.getActiveResourcesInfo()));
        process.exit(1);
      }, ${PATIENCE_MS}).unref();
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(said.trim()).toBe('stopped');
    expect(code).toBe(0);
  });
});
