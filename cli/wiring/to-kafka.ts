import { createBusOutput, createCollector } from '../../collector/collector.js';
import type { SensorNamer } from '../../collector/origins.js';
import type { Config } from '../../flow/service/config.js';
import type { Log } from '../../flow/service/log.js';
import { createProgress } from '../render/progress.js';
import { formatCount } from '../render/text.js';
import type { ClaimSets } from './claim-sets.js';
import { playInputs, type ReplayInput } from './inputs.js';
import { configuredKafka } from './kafka.js';

export interface PublishOptions {
  readonly config: Config;
  readonly claimSets: ClaimSets;
  readonly inputs: readonly ReplayInput[];
  readonly sensorOf: SensorNamer;
  readonly speed: number;
  readonly log: Log;
}

/** Plays files into Kafka; `detect` and `store` do the rest. Resolves when every frame is acknowledged. */
export async function publishToKafka({ config, claimSets, inputs, sensorOf, speed, log }: PublishOptions): Promise<void> {
  const bus = configuredKafka(config, log);
  try {
    await bus.start();
    const collector = createCollector(
      createBusOutput({ bus, watchList: claimSets.watchList, keepUnwatched: config.collector.keepUnwatched }),
    );
    const progress = createProgress(true);
    await playInputs(collector, inputs, sensorOf, speed, progress);
    await collector.flush();
    await bus.flush();
    progress.end();
    const { records, produced, unwatched } = collector.counters;
    process.stdout.write(
      `${formatCount(records)} flow records read, ${formatCount(produced)} sent to Kafka, ${formatCount(unwatched)} of no watched asset\n`,
    );
  } finally {
    await bus.stop();
  }
}
