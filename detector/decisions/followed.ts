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
  /** Text address of the peer, or a prefix; '' for none. */
  readonly peer: string;
  /** What it was decided on: the finding's detection, and its IP protocol and responder's port; '' and 0 where that is left open. */
  readonly detection: string;
  readonly protocol: number;
  readonly port: number;
  readonly accepted: readonly string[];
}

/** The decisions that the detector follows, in the order in which they take effect; equal decisions give equal lists, whatever their order. */
export function followedDecisions(decisions: readonly Decision[]): FollowedDecision[] {
  return decisions
    .flatMap(({ id, effectiveMs, verb, asset, peer, detection, protocol, port, accepted }): FollowedDecision[] => {
      if (verb === 'incident') return [{ id, effectiveMs, does: 'unlearn', asset, peer, detection, protocol, port, accepted: [] }];
      const nothing = { peer: '', detection: '', protocol: 0, port: 0 };
      return verb === 'approve' ? [{ id, effectiveMs, does: 'approve', asset, ...nothing, accepted }] : [];
    })
    .sort((a, b) => a.effectiveMs - b.effectiveMs || (a.id < b.id ? -1 : 1));
}
