import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Decision } from '../../detector/decisions/decision.js';
import type { Finding } from '../../detector/findings/finding.js';
import { addExpected, readDraft } from '../../detector/tools/draft-rule.js';
import type { PlacedClaims } from '../../detector/tools/placed-claims.js';
import { readSkeleton } from '../../detector/tools/skeleton.js';
import type { Config } from '../../flow/service/config.js';
import { exclusively } from '../../flow/service/exclusively.js';
import { replaceFileSync } from '../../flow/service/replace-file.js';
import { UsageError } from '../errors.js';
import { ClaimHistory } from './claim-history.js';

/** A claim draft that is about to get a rule. */
export interface ExpectedDraft {
  /** Adds the rule to what is there by then; answers the path. */
  write(decision: Decision): string;
}

/**
 * The draft that gets what is expected of this finding: made anew with the fleets of the claim file where it does not exist. Throws UsageError where no claim file
 * with the finding's fleet is known, ClaimsError for one that cannot be read, DecisionError for a file that is no draft.
 */
export function draftOf(config: Pick<Config, 'claims' | 'data'>, finding: Finding, file?: string): ExpectedDraft {
  const path = file === undefined ? join(config.data, 'claims', 'expected.draft.yaml') : resolve(file);
  const skeleton = skeletonOf(config, finding);
  const read = (): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  const found = read();
  if (found !== undefined) readDraft(found);
  return {
    write(decision) {
      mkdirSync(dirname(path), { recursive: true });
      exclusively(path, () => replaceFileSync(path, addExpected(read(), skeleton, finding, decision)));
      return path;
    },
  };
}

/** The configured claim file with the finding's fleet, else the version that judged it, from the data folder's archive. */
function skeletonOf({ claims, data }: Pick<Config, 'claims' | 'data'>, { claimsHash, fleet }: Finding): PlacedClaims {
  const archived = new ClaimHistory(data).archived(claimsHash);
  const skeletons = [...claims, ...(archived === undefined ? [] : [archived.file])].map((path) => readSkeleton(path));
  const found = skeletons.find(({ set }) => set.fleets.has(fleet));
  if (found === undefined)
    throw new UsageError(`no claim file with the fleet ${fleet} is known; name it with --claims, so that the draft has its fleets`);
  return found;
}
