import { ADDRESS_BYTES, formatAddress, parseAddress } from '../../flow/address.js';
import { ColumnBatch } from '../../flow/batch.js';
import { COMPLETION } from '../../flow/columns.js';
import { SEVERITIES } from '../claims/compiled.js';
import { type EvidenceRow, FINDING_COLUMNS, FINDING_INITIATOR, type Finding } from './finding.js';

/** Rows of findings, as they travel in frames and are stored. */
export type FindingBatch = ColumnBatch<typeof FINDING_COLUMNS>;

export function createFindingBatch(capacity?: number): FindingBatch {
  return new ColumnBatch(FINDING_COLUMNS, capacity);
}

/** Appends the finding as one row. */
export function addFinding(batch: FindingBatch, finding: Finding): void {
  const row = batch.add();
  const columns = batch.columns;
  const address = (bytes: Uint8Array, text: string): void => bytes.set(parseAddress(text), row * ADDRESS_BYTES);
  columns.id[row] = finding.id;
  columns.revision[row] = finding.revision;
  columns.detection.codes[row] = columns.detection.dictionary.intern(finding.detection);
  columns.claim.codes[row] = columns.claim.dictionary.intern(finding.claim);
  columns.severity[row] = SEVERITIES.indexOf(finding.severity);
  columns.confidence[row] = finding.confidence;
  columns.fleet.codes[row] = columns.fleet.dictionary.intern(finding.fleet);
  columns.asset.codes[row] = columns.asset.dictionary.intern(finding.asset);
  address(columns.assetAddress.bytes, finding.assetAddress);
  address(columns.peerAddress.bytes, finding.peerAddress);
  columns.peerName.codes[row] = columns.peerName.dictionary.intern(finding.peerName);
  columns.peerAsn[row] = finding.peerAsn;
  columns.peerCountry.codes[row] = columns.peerCountry.dictionary.intern(finding.peerCountry);
  columns.protocol[row] = finding.protocol;
  columns.port[row] = finding.port;
  columns.initiator[row] = FINDING_INITIATOR.indexOf(finding.initiator);
  columns.completion[row] = COMPLETION.indexOf(finding.completion);
  columns.firstSeen[row] = finding.firstSeenMs;
  columns.lastSeen[row] = finding.lastSeenMs;
  columns.observed[row] = finding.observed;
  columns.expected[row] = finding.expected;
  columns.unit.codes[row] = columns.unit.dictionary.intern(finding.unit);
  columns.windowFrom[row] = finding.windowFromMs;
  columns.windowTo[row] = finding.windowToMs;
  columns.sessions[row] = finding.sessions;
  columns.records[row] = finding.records;
  columns.octetsOut[row] = finding.octetsOut;
  columns.octetsIn[row] = finding.octetsIn;
  columns.packetsOut[row] = finding.packetsOut;
  columns.packetsIn[row] = finding.packetsIn;
  columns.rule[row] = finding.rule;
  columns.sentence[row] = finding.sentence;
  columns.evidence[row] = JSON.stringify(finding.evidence);
  columns.claimsHash.codes[row] = columns.claimsHash.dictionary.intern(finding.claimsHash);
}

/** The row as a finding again: what `addFinding` was given, times rounded to milliseconds. */
export function findingAt(batch: FindingBatch, row: number): Finding {
  const columns = batch.columns;
  const name = (column: { codes: Uint16Array; dictionary: { name(code: number): string } }): string =>
    column.dictionary.name(column.codes[row]!);
  return {
    id: columns.id[row]!,
    revision: columns.revision[row]!,
    detection: name(columns.detection),
    claim: name(columns.claim),
    severity: SEVERITIES[columns.severity[row]!]!,
    confidence: columns.confidence[row]!,
    fleet: name(columns.fleet),
    asset: name(columns.asset),
    assetAddress: formatAddress(columns.assetAddress.bytes, row * ADDRESS_BYTES),
    peerAddress: formatAddress(columns.peerAddress.bytes, row * ADDRESS_BYTES),
    peerName: name(columns.peerName),
    peerAsn: columns.peerAsn[row]!,
    peerCountry: name(columns.peerCountry),
    protocol: columns.protocol[row]!,
    port: columns.port[row]!,
    initiator: FINDING_INITIATOR[columns.initiator[row]!]!,
    completion: COMPLETION[columns.completion[row]!]!,
    firstSeenMs: columns.firstSeen[row]!,
    lastSeenMs: columns.lastSeen[row]!,
    observed: columns.observed[row]!,
    expected: columns.expected[row]!,
    unit: name(columns.unit),
    windowFromMs: columns.windowFrom[row]!,
    windowToMs: columns.windowTo[row]!,
    sessions: columns.sessions[row]!,
    records: columns.records[row]!,
    octetsOut: columns.octetsOut[row]!,
    octetsIn: columns.octetsIn[row]!,
    packetsOut: columns.packetsOut[row]!,
    packetsIn: columns.packetsIn[row]!,
    rule: columns.rule[row]!,
    sentence: columns.sentence[row]!,
    evidence: JSON.parse(columns.evidence[row]!) as EvidenceRow[],
    claimsHash: name(columns.claimsHash),
  };
}
