import type { FaultCode, Faults } from '../../../collector/contracts.js';

/** Counts faults by code. */
export class FaultCounts implements Faults {
  readonly counts: Partial<Record<FaultCode, number>> = {};
  add(code: FaultCode, count = 1): void {
    this.counts[code] = (this.counts[code] ?? 0) + count;
  }
}
