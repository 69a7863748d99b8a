import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadScenario } from '../../../cli/scenario/scenario.js';
import type { CollectorStatus } from '../../../collector/collector-status.js';
import type { BufferStatus } from '../../../collector/outputs/buffer/disk-buffer.js';
import { freePorts } from '../../support/free-ports.js';
import { PATIENCE_MS, type Running, says, start, until } from './cordon.js';

export interface CollectShape {
  readonly port: number;
  readonly topicPrefix: string;
  /** Folder of the disk buffer. */
  readonly buffer: string;
  /** Starts `cordon collect`; resolves when it listens. */
  collect(): Promise<Running>;
}

/** `cordon collect` with topics, a port and a data folder of its own. All flows are kept, watched or not. */
export async function createCollectShape(brokers: readonly string[], folder: string, collector: object = {}): Promise<CollectShape> {
  const topicPrefix = `collect-${randomUUID().slice(0, 8)}.`;
  const [port] = await freePorts(1);
  const config = join(folder, 'collect.yaml');
  const data = join(folder, 'collect');
  writeFileSync(
    config,
    JSON.stringify({
      claims: [loadScenario('port-scanners').claims],
      data,
      collector: { listen: [`127.0.0.1:${port}`], keepUnwatched: true, flushMs: 50, ...collector },
      kafka: { brokers, topicPrefix, partitions: 3, compression: 'none' },
      metrics: { port: 0 },
    }),
  );
  return {
    port: port!,
    topicPrefix,
    buffer: join(data, 'buffer'),
    async collect() {
      const one = start(['collect', '--config', config]);
      await says(one, /"ready"/);
      return one;
    },
  };
}

/** What the process says of itself. */
export async function statusOf(one: Running): Promise<{ readonly buffer: BufferStatus; readonly collector: CollectorStatus }> {
  const [, url] = await says(one, /"metrics":"([^"]+)".*"ready"/);
  const answer = await fetch(new URL('/status', url), { signal: AbortSignal.timeout(PATIENCE_MS) });
  return (await answer.json()) as { buffer: BufferStatus; collector: CollectorStatus };
}

/** Resolves when the bus has everything that is in the buffer. */
export async function drained(one: Running): Promise<BufferStatus> {
  return until('the buffer drains', [one], async () => {
    const { buffer } = await statusOf(one);
    return buffer.frames === 0 ? buffer : undefined;
  });
}
