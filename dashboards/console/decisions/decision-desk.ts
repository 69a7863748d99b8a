import type { Decision } from '../../../detector/decisions/decision.js';
import type { DecisionRequest, FindingsDesk } from '../../../detector/decisions/desk.js';

/** A decision that was stored, and what came of it beside: the claim draft that got a rule. */
export interface Decided {
  readonly decision: Decision;
  /** Path of the draft; only where a finding was closed as expected. */
  readonly draft?: string;
}

/** Who answers for decisions taken on the screens. The command line wires it to the findings desk of the process that holds the store. */
export interface DecisionDesk extends Pick<FindingsDesk, 'show'> {
  /** Throws DecisionError for what cannot be decided. */
  decide(request: DecisionRequest): Promise<Decided>;
}
