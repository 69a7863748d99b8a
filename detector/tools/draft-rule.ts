import { isMap, isSeq, parseDocument } from 'yaml';
import { formatTime } from '../../flow/time.js';
import type { Decision } from '../decisions/decision.js';
import { DecisionError } from '../decisions/request.js';
import type { Finding } from '../findings/finding.js';
import { draftClaims, draftPort } from './draft.js';
import type { PlacedClaims } from './placed-claims.js';

/**
 * The text of a claim draft with one thing more: what somebody said to be expected. What broke a claim becomes an exception to that claim, with reason, who
 * approved it and when it expires; what a learned detection reported becomes a rule of the fleet's draft claim, with the same in its note; what no rule
 * can say (a volume) becomes a comment. `text` undefined begins a draft with the fleets of `skeleton`. Nothing judges a draft. Throws DecisionError for a file
 * that is no draft: a file in force is never written to.
 */
export function addExpected(text: string | undefined, skeleton: PlacedClaims, finding: Finding, decision: Decision): string {
  const document = readDraft(text ?? draftClaims(skeleton, { exchanges: [], fromMs: decision.atMs, untilMs: decision.atMs }).text);
  const rule = ruleOf(finding, decision);
  if (rule === undefined) {
    const comment = ` EXPECTED ${noteOf(decision)}: ${finding.detection} of ${finding.asset}. No rule speaks of it; a budget may.`;
    document.comment = [document.comment, comment].filter((part) => typeof part === 'string').join('\n');
  } else if (finding.claim !== '') {
    if (!isSeq(document.get('exceptions'))) document.set('exceptions', document.createNode([]));
    document.addIn(['exceptions'], document.createNode(exceptionOf(finding, decision, rule, skeleton)));
  } else addRule(document, finding.fleet, { ...rule, note: `expected: ${noteOf(decision)}` });
  return document.toString({ lineWidth: 0 });
}

/** The file as a document that can be added to. Throws DecisionError for one that is no draft. */
export function readDraft(text: string): ReturnType<typeof parseDocument> {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new DecisionError(`the draft cannot be read: ${document.errors[0]!.message.split('\n')[0]}`);
  if (!isMap(document.contents) || !document.has('draft'))
    throw new DecisionError("the file has no line 'draft', so it may be in force, and is left alone; name another file with --draft");
  return document;
}

type Rule = Readonly<Record<string, unknown>>;

/** Undefined where the scope names no peer. */
function ruleOf({ initiator }: Finding, { peer, protocol, port }: Decision): Rule | undefined {
  const ports = protocol === 0 ? undefined : draftPort(protocol, port);
  if (peer === '' || (protocol !== 0 && ports === undefined)) return undefined;
  const side = initiator === 'unknown' ? {} : { initiator: initiator === 'asset' ? 'subject' : 'peer' };
  return { peer: { cidr: [peer] }, ...(ports === undefined ? {} : { ports: [ports] }), ...side };
}

function exceptionOf(finding: Finding, decision: Decision, match: Rule, { set }: PlacedClaims): Rule {
  const number = decision.id.slice(0, 8);
  return {
    ...{ id: `expected-${number}`, claim: finding.claim, match, reason: decision.reason, owner: set.owner, approved_by: decision.author },
    ...{
      ticket: `decision ${number}`,
      from: formatTime(finding.firstSeenMs).slice(0, 10),
      expires: formatTime(decision.untilMs).slice(0, 10),
    },
  };
}

function noteOf({ reason, author, untilMs, id }: Decision): string {
  return `${reason} (${author}, decision ${id.slice(0, 8)}, until ${formatTime(untilMs).slice(0, 10)})`;
}

/** Into the draft's claim about the fleet, which is made where there is none. */
function addRule(document: ReturnType<typeof parseDocument>, fleet: string, rule: Rule): void {
  const claims = document.get('claims');
  const index = isSeq(claims)
    ? claims.items.findIndex((claim) => isMap(claim) && claim.get('subject') === fleet && claim.hasIn(['assert', 'only']))
    : -1;
  if (index < 0)
    throw new DecisionError(
      `the draft has no 'only' claim about the fleet ${fleet}; begin another draft, or name the claim file that has the fleet with --claims`,
    );
  const rules = document.getIn(['claims', index, 'assert', 'only']);
  // The list of a fleet of which nothing was learned is written in one line; rules read better below each other.
  if (isSeq(rules)) rules.flow = false;
  const assert = document.getIn(['claims', index, 'assert']);
  if (isMap(assert)) assert.flow = false;
  const node = document.createNode(rule, { flow: true });
  document.addIn(['claims', index, 'assert', 'only'], node);
}
