import { formatAddress, isMappedIPv4, parsePrefix } from '../../flow/address.js';
import { createTimeZone } from '../claims/calendar.js';
import type { Finding } from '../findings/finding.js';
import { networkText } from '../incidents/peer-group.js';
import { type ClosingWord, type Decision, EVERYTHING, type Scope, withId } from './decision.js';
import { isInScope } from './scope.js';

/** Longest that a reason and a name may be: both fit into one note of a claim file. */
const MOST_CHARACTERS = { reason: 300, author: 100 } as const;
/** Most prefixes of one approval. */
export const MAX_ACCEPTED = 1024;

/** `unknown` and `ambiguous`: what the id names; `refused`: everything else. */
export type DecisionErrorCode = 'refused' | 'unknown' | 'ambiguous';

/** A decision that cannot be taken as it was asked for: a sentence with what to do. */
export class DecisionError extends Error {
  readonly code: DecisionErrorCode;

  constructor(message: string, code: DecisionErrorCode = 'refused') {
    super(message);
    this.name = 'DecisionError';
    this.code = code;
  }
}

/** Who decides when and why. */
export interface Deciding {
  readonly author: string;
  readonly reason: string;
  readonly atMs: number;
  /** Record time from which on the detector follows it. */
  readonly effectiveMs: number;
}

/** How a scope is wider than the one finding that it is made from. */
export interface Widening {
  /** Every asset of its fleet. */
  readonly fleet?: boolean;
  /** The network of its peer (/24, IPv6: /48). */
  readonly peerGroup?: boolean;
  readonly anyPeer?: boolean;
  readonly anyPort?: boolean;
  readonly anyDetection?: boolean;
  /** Narrower instead: a time of day, minutes of the local day. */
  readonly between?: { readonly timezone: string; readonly minuteFrom: number; readonly minuteUntil: number };
}

export function acknowledge(finding: Finding, by: Deciding): Decision {
  return decisionOf('acknowledge', by, { ...aboutFinding(finding), ...scopeOf(finding) });
}

export function reopen(finding: Finding, by: Deciding): Decision {
  return decisionOf('reopen', by, aboutFinding(finding));
}

export function revoke(decision: Decision, by: Deciding): Decision {
  return decisionOf('revoke', by, { revokes: decision.id });
}

/** Closes the finding. `untilMs`: when the word stops to hold; `expected` and `noise` need one. Throws DecisionError. */
export function close(finding: Finding, word: ClosingWord, by: Deciding, untilMs: number | undefined, widening: Widening = {}): Decision {
  if (word === 'incident') {
    if (untilMs !== undefined) throw new DecisionError('an incident has no end date; leave out --until');
    return decisionOf(word, by, { ...aboutFinding(finding), ...scopeOf(finding) });
  }
  if (untilMs === undefined) throw new DecisionError(`'${word}' holds until a date, so that somebody looks again; give --until`);
  if (!(untilMs > by.atMs)) throw new DecisionError('--until has passed; name a later date');
  const scope = scopeOf(finding, widening);
  if (!isInScope(finding, scope))
    throw new DecisionError('the finding itself does not lie in that time of day; widen --between, or leave it out');
  return decisionOf(word, by, { ...aboutFinding(finding), ...scope, untilMs });
}

/** Agrees to what the asset has learned; `accepted` are the prefixes outside that it may go on talking to. Throws DecisionError. */
export function approve(asset: string, fleet: string, accepted: readonly string[], by: Deciding): Decision {
  if (accepted.length > MAX_ACCEPTED)
    throw new DecisionError(`${accepted.length} prefixes are more than the ${MAX_ACCEPTED} of one approval; accept networks`);
  return decisionOf('approve', by, { asset, fleet, accepted: [...new Set(accepted.map(canonicalPrefix))].sort() });
}

/** The narrowest scope of the finding, widened as asked for. Throws DecisionError. */
export function scopeOf(finding: Finding, widening: Widening = {}): Scope {
  const { fleet, peerGroup, anyPeer, anyPort, anyDetection, between } = widening;
  if (anyPeer === true && peerGroup === true) throw new DecisionError('--any-peer and --peer-group say different things; give one');
  const peer =
    finding.peerAddress === '::' || anyPeer === true ? '' : peerGroup === true ? networkText(finding.peerAddress) : finding.peerAddress;
  if (between !== undefined) checkBetween(between);
  return {
    ...EVERYTHING,
    detection: anyDetection === true ? '' : finding.detection,
    claim: anyDetection === true ? '' : finding.claim,
    fleet: finding.fleet,
    asset: fleet === true ? '' : finding.asset,
    peer,
    protocol: anyPort === true ? 0 : finding.protocol,
    port: anyPort === true ? 0 : finding.port,
    ...between,
  };
}

function canonicalPrefix(text: string): string {
  const { bytes, length } = parsePrefix(text);
  const v4 = isMappedIPv4(bytes) && length >= 96;
  return length === 128 ? formatAddress(bytes) : `${formatAddress(bytes)}/${v4 ? length - 96 : length}`;
}

function checkBetween({ timezone, minuteFrom, minuteUntil }: NonNullable<Widening['between']>): void {
  const isMinute = (minute: number): boolean => Number.isInteger(minute) && minute >= 0 && minute < 1440;
  if (!isMinute(minuteFrom) || !isMinute(minuteUntil) || minuteFrom === minuteUntil)
    throw new DecisionError('a time of day has two different ends from 00:00 to 23:59, such as 22:00-06:00');
  try {
    createTimeZone(timezone);
  } catch {
    throw new DecisionError(`'${timezone}' is no time zone; write one such as Europe/Berlin`);
  }
}

function aboutFinding(finding: Finding): Pick<Decision, 'finding' | 'findingRevision' | 'severity' | 'sentence'> {
  return { finding: finding.id, findingRevision: finding.revision, severity: finding.severity, sentence: finding.sentence };
}

function decisionOf(verb: Decision['verb'], by: Deciding, rest: Partial<Decision>): Decision {
  const { author, reason, atMs, effectiveMs } = by;
  return withId({
    ...{ finding: '', findingRevision: 0, severity: 'info', sentence: '', untilMs: 0, accepted: [], revokes: '' },
    ...EVERYTHING,
    ...rest,
    ...{ verb, author: personText('author', author), reason: personText('reason', reason), atMs, effectiveMs },
  });
}

/** One line of text, as claim files demand it too: what people read later must be what was written. */
function personText(what: 'author' | 'reason', text: string): string {
  const trimmed = text.trim();
  if (trimmed === '')
    throw new DecisionError(`a decision needs ${what === 'author' ? 'an author; give --author' : 'a reason; give --reason'}`);
  const most = MOST_CHARACTERS[what];
  if (trimmed.length > most) throw new DecisionError(`the ${what} is longer than ${most} characters; shorten it`);
  if (/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(trimmed))
    throw new DecisionError(`the ${what} has control characters in it; write one line of plain text`);
  return trimmed;
}
