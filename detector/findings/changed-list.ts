/**
 * What changed in a partition since it was last taken: findings, or counts. One list for all units: a set in each would be made anew with every taking, and would grow
 * old with its unit before it is thrown away.
 */
export class ChangedList<State extends { isNew: boolean }, Copy> {
  private readonly copy: (state: State) => Copy;
  private readonly states: State[] = [];

  constructor(copy: (state: State) => Copy) {
    this.copy = copy;
  }

  add(state: State): void {
    if (state.isNew) return;
    state.isNew = true;
    this.states.push(state);
  }

  /** Copies as they are now, in the order in which they first changed, but for those that were forgotten meanwhile: they are not new any more. */
  take(): Copy[] {
    const taken: Copy[] = [];
    for (const state of this.states) {
      if (state.isNew) taken.push(this.copy(state));
      state.isNew = false;
    }
    this.states.length = 0;
    return taken;
  }

  clear(): void {
    this.states.length = 0;
  }
}
