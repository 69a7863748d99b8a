import type { Finding } from './finding.js';
import type { FindingState } from './finding-state.js';
import { published } from './published.js';

/**
 * The findings of a partition that changed since they were last taken. One list for all units: a set in each would be made anew with every taking, and would grow old
 * with its unit before it is thrown away.
 */
export class ChangedFindings {
  private readonly states: FindingState[] = [];

  add(state: FindingState): void {
    if (state.isNew) return;
    state.isNew = true;
    this.states.push(state);
  }

  /** As they are now, in the order in which they first changed. */
  take(): Finding[] {
    const taken = this.states.map((state) => {
      state.isNew = false;
      return published(state);
    });
    this.states.length = 0;
    return taken;
  }

  clear(): void {
    this.states.length = 0;
  }
}
