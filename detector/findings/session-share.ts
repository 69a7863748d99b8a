import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingState } from './finding-state.js';

/** What one session has added to one finding, so that it can be taken back. */
export interface Share {
  readonly state: FindingState;
  level: number;
  readonly began: number;
  records: number;
  octetsOut: number;
  octetsIn: number;
  packetsOut: number;
  packetsIn: number;
  estimate: number;
}

/** A session enters a finding, with nothing so far. */
export function beginShare(state: FindingState, { level, initiator }: ObservedRecord): Share {
  state.finding.sessions += 1;
  state.levels[level]! += 1;
  state.began[initiator]! += 1;
  return { state, level, began: initiator, records: 0, octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0, estimate: 0 };
}

/** A record of the session: in its share and in the finding alike. */
export function addToShare(share: Share, record: ObservedRecord): void {
  const { state } = share;
  const { finding } = state;
  const estimate = (record.octetsOut + record.octetsIn) * record.sampling;
  if (record.level !== share.level) {
    state.levels[share.level]! -= 1;
    state.levels[record.level]! += 1;
    share.level = record.level;
  }
  share.records += record.records;
  share.octetsOut += record.octetsOut;
  share.octetsIn += record.octetsIn;
  share.packetsOut += record.packetsOut;
  share.packetsIn += record.packetsIn;
  share.estimate += estimate;
  finding.records += record.records;
  finding.octetsOut += record.octetsOut;
  finding.octetsIn += record.octetsIn;
  finding.packetsOut += record.packetsOut;
  finding.packetsIn += record.packetsIn;
  finding.observed += estimate;
}

/** Everything that the session has added leaves the finding. */
export function removeShare({ state, level, began, ...share }: Share): void {
  const { finding } = state;
  finding.sessions -= 1;
  finding.records -= share.records;
  finding.octetsOut -= share.octetsOut;
  finding.octetsIn -= share.octetsIn;
  finding.packetsOut -= share.packetsOut;
  finding.packetsIn -= share.packetsIn;
  finding.observed -= share.estimate;
  state.levels[level]! -= 1;
  state.began[began]! -= 1;
}
