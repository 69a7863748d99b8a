import type { DecisionDesk } from '../../dashboards/console/decisions/decision-desk.js';
import type { FindingsDesk } from '../../detector/decisions/desk.js';
import { DecisionError } from '../../detector/decisions/request.js';
import type { Config } from '../../flow/service/config.js';
import { sentenceOf } from '../failures.js';
import { draftOf, type ExpectedDraft } from './expected-draft.js';

/**
 * The desk as the console knows it: what is closed as expected gets its rule in the claim draft, as with `cordon findings close`. What cannot be drafted is told
 * before anything is decided.
 */
export function screenDesk(desk: FindingsDesk, config: Pick<Config, 'claims' | 'data'>): DecisionDesk {
  return {
    show: (id) => desk.show(id),
    async decide(request) {
      const draft = request.verb === 'expected' ? told(draftOf, config, (await desk.show(request.target)).finding) : undefined;
      const decision = await desk.decide(request);
      return draft === undefined ? { decision } : { decision, draft: draft.write(decision) };
    },
  };
}

function told(make: typeof draftOf, ...about: Parameters<typeof draftOf>): ExpectedDraft {
  try {
    return make(...about);
  } catch (error) {
    const sentence = sentenceOf(error);
    if (sentence === undefined) throw error;
    throw new DecisionError(`the rule that it is expected cannot be drafted: ${sentence}`);
  }
}
