import { type CollectorOutput, createBusOutput } from '../../../collector/collector.js';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { Engine } from '../../../detector/engine/engine.js';
import { FlowBatch } from '../../../flow/batch.js';
import { decodeFrame } from '../../../flow/frame.js';
import { AlertBook } from './alerts.js';

/** What a collector's frames come to when one engine reads them at once, without a bus and a store between. */
export interface EngineOutput {
  readonly output: CollectorOutput;
  readonly book: AlertBook;
  readonly rows: () => number;
}

/** `seen` looks at each batch after the engine. */
export function createEngineOutput(claims: CompiledClaims, engine: Engine, seen?: (batch: FlowBatch) => void): EngineOutput {
  const book = new AlertBook();
  const batch = new FlowBatch();
  let rows = 0;
  const bus = {
    partitions: () => 1,
    publish: async (topic: string, _partition: number, frame: Parameters<typeof decodeFrame>[0]): Promise<void> => {
      if (topic !== 'flows') return;
      batch.clear();
      decodeFrame(frame, batch);
      rows += batch.length;
      engine.ingest(batch);
      book.take(engine.takeChanged(), batch.columns.flowEndMilliseconds[batch.length - 1]!);
      seen?.(batch);
    },
  };
  return { output: createBusOutput({ bus, watchList: claims.watchList }), book, rows: () => rows };
}
