import { MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import type { StateReader, StateWriter } from '../baseline/state.js';

/** Active timeouts that exporters are shipped with, of those that are longer than a session may be silent (Huawei NetStream and Cisco: 30 min). */
const CONVENTIONS_MS = [5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS] as const;
const NEAR_SHARE = 0.03;
/** Exporters look for what is due every few seconds. */
const SCAN_MS = 5 * SECOND_MS;
const LEAST_MS = CONVENTIONS_MS[0] * (1 - NEAR_SHARE);

/**
 * Learns from the lengths of records how long an exporter's active timeout is, as far as it matters for stitching (detection.md P2): the next record of a session that
 * goes on comes that much later than the last one ended. The first such record teaches it, because the second one already depends on it; one that is as long
 * by chance costs memory only.
 */
export class ActiveTimeout {
  /** 0 while none of five minutes or more has been seen. */
  learnedMs = 0;

  /** Takes in how long a record lasted, in ms. */
  take(lengthMs: number): void {
    if (lengthMs < LEAST_MS || lengthMs < this.learnedMs) return;
    for (const timeoutMs of CONVENTIONS_MS) {
      const near = lengthMs >= timeoutMs * (1 - NEAR_SHARE) && lengthMs <= timeoutMs * (1 + NEAR_SHARE) + SCAN_MS;
      if (near && timeoutMs > this.learnedMs) this.learnedMs = timeoutMs;
    }
  }

  save(writer: StateWriter): void {
    writer.f64(this.learnedMs);
  }

  load(reader: StateReader): void {
    this.learnedMs = reader.f64();
  }
}
