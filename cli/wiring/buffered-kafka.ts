import { join } from 'node:path';
import { type BufferStatus, createDiskBuffer } from '../../collector/outputs/buffer/disk-buffer.js';
import type { FrameSink } from '../../collector/outputs/frame-sink.js';
import type { Config } from '../../flow/service/config.js';
import type { Log } from '../../flow/service/log.js';
import { configuredKafka } from './kafka.js';
import type { Monitoring } from './monitoring.js';

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

/** Metrics and status of a disk buffer. */
export function watchBuffer({ metrics, every, tells }: Monitoring, status: () => BufferStatus): void {
  tells('buffer', status);
  every(() => {
    const buffer = status();
    metrics.gauge('buffer_frames', 'frames that the bus has not acknowledged', buffer.frames);
    metrics.gauge('buffer_bytes', 'octets of them on disk', buffer.octets);
    metrics.gauge('buffer_disk_bytes', 'octets of all files of the buffer', buffer.diskOctets);
    metrics.gauge('buffer_max_bytes', 'bound of the buffer', buffer.maxOctets);
    metrics.gauge('buffer_oldest_seconds', 'age of the oldest frame that the bus has not acknowledged', buffer.oldestMs / 1000);
    metrics.gauge('buffer_connected', '1 while a broker is connected', buffer.connected ? 1 : 0);
    const counter = (name: string, help: string, value: number): void => metrics.table(name, 'counter', help, [{ labels: {}, value }]);
    counter('buffer_acknowledged_frames', 'frames that the bus acknowledged', buffer.acknowledged);
    counter('buffer_found_frames', 'frames in doubt that were found on the bus', buffer.foundOnBus);
    counter('buffer_cut_frames', 'frames that a crash had cut', buffer.cutRecords);
    counter('buffer_damaged_frames', 'frames lost because the disk gave them back damaged', buffer.damagedRecords);
    counter('buffer_write_failures', 'writes that the disk refused', buffer.writeFailures);
    counter('buffer_full_waits', 'frames that waited because the buffer was full', buffer.fullWaits);
  });
}
