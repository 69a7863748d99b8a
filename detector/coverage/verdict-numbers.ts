import { MINUTE_MS } from '../../flow/time.js';
import type { Period } from '../claims/calendar.js';
import type { CompiledClaim } from '../claims/compiled.js';
import { packetsOf } from '../claims/detectability.js';
import type { ClaimCoverage } from './claim-coverage.js';
import { longestMs, totalMs } from './intervals.js';
import type { KernelDrops } from './kernel-drops.js';
import type { SensorFacts } from './sensor-facts.js';
import type { SubjectFacts } from './subject-facts.js';

/** Octets of the smallest IPv4 packet of TCP: a transfer in such packets needs the most of them, and so hides the least. */
export const SMALL_PACKET_OCTETS = 40;

export interface NumberParts {
  readonly claim: CompiledClaim;
  /** Of the claim's fleet. */
  readonly assets: number;
  readonly part: Period;
  readonly findings: number;
  readonly subject: SubjectFacts;
  readonly coverage: ClaimCoverage;
  readonly drops: KernelDrops;
  readonly hideable: number;
}

/**
 * The numbers of a verdict by name. Always there: assetMinutes, assetMinutesObserved, assetsSeen, exceptionFlows, exceptionOctets, exceptionsUsed,
 * findings, flowsJudged, longestBlindMs, observedShare (0–1), recordsJudged, recordsLost, recordsSent, recordsUnread. Where they apply: drillsSeen and
 * longestWithoutDrillMs (a canary is demanded), hideableOctets, hideablePackets and hideableOctetsSmallPackets (absent where no size would be certain
 * to be seen, or nothing is known), kernelDrops, silentMs, undecidedFlows, unreconciledShare (the worst sensor).
 */
export function verdictNumbers(parts: NumberParts): Record<string, number> {
  const { claim, assets, part, findings, subject, coverage, drops, hideable } = parts;
  const lengthMs = part.toMs - part.fromMs;
  const sensors = coverage.counted;
  const add = (field: 'lost' | 'sent' | 'unread' | 'silentMs'): number =>
    sensors.reduce((sum, sensor: SensorFacts) => sum + sensor[field], 0);
  const observedShare = 1 - totalMs(coverage.blind) / lengthMs;
  const numbers: Record<string, number> = {
    assetMinutes: Math.round((assets * lengthMs) / MINUTE_MS),
    assetMinutesObserved: Math.floor((assets * lengthMs * observedShare) / MINUTE_MS + 1e-6),
    assetsSeen: assets - subject.unseen.length,
    exceptionFlows: subject.excused.reduce((sum, { flows }) => sum + flows, 0),
    exceptionOctets: subject.excused.reduce((sum, { octets }) => sum + octets, 0),
    exceptionsUsed: subject.excused.length,
    findings,
    flowsJudged: subject.flows,
    longestBlindMs: longestMs(coverage.blind),
    observedShare,
    recordsJudged: subject.records,
    recordsLost: add('lost'),
    recordsSent: add('sent'),
    recordsUnread: add('unread'),
  };
  if (!Number.isNaN(claim.coverage.canaryMs)) {
    numbers.drillsSeen = subject.drills;
    numbers.longestWithoutDrillMs = subject.longestWithoutDrillMs;
  }
  if (Number.isFinite(hideable)) {
    const packets = hideable === 0 ? 0 : packetsOf(hideable);
    numbers.hideableOctets = hideable;
    numbers.hideablePackets = packets;
    numbers.hideableOctetsSmallPackets = packets * SMALL_PACKET_OCTETS;
  }
  const shares = sensors.map(({ reconciliation }) => reconciliation.share).filter((share) => !Number.isNaN(share));
  if (shares.length > 0) numbers.unreconciledShare = Math.max(...shares);
  if (drops.dropped > 0) numbers.kernelDrops = drops.dropped;
  if (add('silentMs') > 0) numbers.silentMs = add('silentMs');
  if (subject.undecided.length > 0) numbers.undecidedFlows = subject.undecided.reduce((sum, { flows }) => sum + flows, 0);
  return numbers;
}
