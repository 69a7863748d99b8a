/** Bounds of the store service. Bytes are those of the frames' payloads. */
export interface StoreServiceLimits {
  /** Rows of one insert: more make inserts cheaper, and the engine's memory larger. */
  readonly maxBatchRows: number;
  readonly maxBatchBytes: number;
  /** A frame waits at most this long for others. */
  readonly maxWaitMs: number;
  /** Frames held over all partitions; past it the service asks the bus for no more (back-pressure). */
  readonly maxBufferedBytes: number;
  /** First and longest pause between attempts while the database is away. */
  readonly retryFirstMs: number;
  readonly retryMostMs: number;
  /** How long `stop` waits for what is buffered to be stored; the rest is read again at the next start. */
  readonly stopWaitMs: number;
}

export const defaultStoreServiceLimits: StoreServiceLimits = {
  maxBatchRows: 160_000, // 100 000: 0.45 M rows/s, 200 000: 0.54 and 140 MB more (two shared cores, both rollups)
  maxBatchBytes: 32 << 20,
  maxWaitMs: 2000, // at 500 the embedded pipeline did 147 k records/s where it does 182 k: small inserts cost as much as large ones
  maxBufferedBytes: 64 << 20,
  retryFirstMs: 250,
  retryMostMs: 15_000,
  stopWaitMs: 10_000,
};
