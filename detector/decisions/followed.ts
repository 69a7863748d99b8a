import type { Decision } from './decision.js';

/** What the detector does by a decision of people, from a stated record time on. Everything else that people decide is about what is shown. */
export interface FollowedDecision {
  readonly id: string;
  /** Record time: the first record of a unit that starts then or later finds it done. */
  readonly effectiveMs: number;
  /** `unlearn`: the relation is forgotten. `approve`: what the asset learned is agreed to, outside peers that are not accepted excepted. */
  readonly does: 'unlearn' | 'approve';
  /** Name of an asset, or of a fleet as a whole. */
  readonly asset: string;
  /** Text address of the peer; '' for none. */
  readonly peer: string;
  readonly accepted: readonly string[];
}

/** The decisions that the detector follows, in the order in which they take effect; equal decisions give equal lists, whatever their order. */
export function followedDecisions(decisions: readonly Decision[]): FollowedDecision[] {
  return decisions
    .flatMap(({ id, effectiveMs, verb, asset, peer, accepted }): FollowedDecision[] => {
      if (verb === 'incident') return [{ id, effectiveMs, does: 'unlearn', asset, peer, accepted: [] }];
      return verb === 'approve' ? [{ id, effectiveMs, does: 'approve', asset, peer: '', accepted }] : [];
    })
    .sort((a, b) => a.effectiveMs - b.effectiveMs || (a.id < b.id ? -1 : 1));
}
