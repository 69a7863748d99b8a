import { join } from 'node:path';
import { type BufferStatus, createDiskBuffer } from '../../collector/outputs/buffer/disk-buffer.js';
import type { FrameSink } from '../../collector/outputs/frame-sink.js';
import type { Config } from '../../flow/service/config.js';
import type { Log } from '../../flow/service/log.js';
import { configuredKafka } from './kafka.js';

/** Where a collector's frames go. */
export interface CollectorSink extends FrameSink {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Of the buffer on disk; undefined where there is none. */
  status?(): BufferStatus;
}

/** Kafka as configured, with the disk buffer before it unless that is switched off. Throws UsageError where no broker is named. */
export function bufferedKafka(config: Config, log: Log): CollectorSink {
  const { path, maxBytes } = config.collector.buffer;
  if (maxBytes === 0) return configuredKafka(config, log);
  // Made once to see that the configuration is right. What a failed request has left in doubt, the buffer finds out: nothing is sent again blindly.
  const connect = () => configuredKafka(config, log, { deliveryTimeoutMs: 0 });
  connect();
  return createDiskBuffer({
    folder: path ?? join(config.data, 'buffer'),
    connect,
    partitions: config.kafka.partitions,
    group: config.kafka.group,
    limits: { maxOctets: maxBytes },
    log,
    now: Date.now,
  });
}
