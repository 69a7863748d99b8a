import type { Severity } from '../claims/compiled.js';
import { ATTACK_NAMES } from '../detections/attack-names-table.js';
import { detectionCard } from '../detections/cards.js';
import type { Chapter, Incident } from '../incidents/incident.js';
import type { Notice } from './notice.js';

/**
 * Version of the Open Cybersecurity Schema Framework that the events follow: class Detection Finding (2004) of category Findings (2). What a related event tells
 * beside its uid and type (times, severity, description) came after 1.3.
 */
export const OCSF_VERSION = '1.6.0';
const CLASS_UID = 2004;
const SEVERITY_ID: Readonly<Record<Severity, number>> = { info: 1, low: 2, medium: 3, high: 4, critical: 5 };
const SEVERITY_NAME: Readonly<Record<Severity, string>> = {
  info: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
};
/** Chapters that are carried along as evidence and related events. */
const MAX_CHAPTERS = 20;

export interface OcsfOptions {
  /** Version of this program. */
  readonly version: string;
  /** Leaves out evidence, observables and related events, where a message has little room. */
  readonly compact?: boolean;
}

/** The notice as an OCSF event: `finding_info.uid` is the incident, `metadata.uid` the notice. Times are ms since the epoch. */
export function ocsfOf({ id, reason, incident }: Notice, { version, compact }: OcsfOptions): Readonly<Record<string, unknown>> {
  const isNew = reason === 'new';
  const activity = isNew ? 'Create' : 'Update';
  const { severity, severityScore, confidenceScore, firstSeenMs, lastSeenMs } = incident;
  const chapters = incident.story.slice(0, MAX_CHAPTERS);
  const evidences = chapters.filter(({ peerAddress }) => peerAddress !== '::').map(evidenceOf);
  return {
    activity_id: isNew ? 1 : 2,
    activity_name: activity,
    category_uid: 2,
    category_name: 'Findings',
    class_uid: CLASS_UID,
    class_name: 'Detection Finding',
    type_uid: CLASS_UID * 100 + (isNew ? 1 : 2),
    type_name: `Detection Finding: ${activity}`,
    time: lastSeenMs,
    start_time: firstSeenMs,
    end_time: lastSeenMs,
    count: incident.count,
    message: incident.sentence,
    severity_id: SEVERITY_ID[severity],
    severity: SEVERITY_NAME[severity],
    status_id: 1,
    status: 'New',
    is_alert: true,
    ...confidenceOf(confidenceScore.value),
    metadata: { version: OCSF_VERSION, uid: id, product: { name: 'Cordon', vendor_name: 'Cordon', version } },
    finding_info: {
      uid: incident.id,
      title: titleOf(incident),
      desc: incident.sentence,
      created_time: firstSeenMs,
      first_seen_time: firstSeenMs,
      last_seen_time: lastSeenMs,
      types: incident.detections,
      analytic: analyticOf(incident.detections[0]!),
      related_analytics: incident.detections.slice(1).map(analyticOf),
      attacks: attacksOf(incident.detections),
      ...(compact === true ? {} : { related_events: chapters.map(relatedOf) }),
    },
    resources: [{ name: incident.subject, type: 'equipment', group: { name: incident.fleet } }],
    ...(compact === true
      ? {}
      : {
          evidences,
          observables: incident.peers.map((value) => observableOf(value, chapters)),
        }),
    unmapped: {
      reason,
      peer_group: incident.peerGroup,
      severity_score: severityScore.value,
      severity_sum: severityScore.sum,
      confidence_sum: confidenceScore.sum,
    },
  };
}

/** 'New destination: scan-01 with 203.0.113.0/24'. */
export function titleOf({ detections, subject, peerGroup }: Incident): string {
  const titles = detections.map((id) => detectionCard(id)?.title ?? id);
  return `${titles.join(', ')}: ${subject}${peerGroup === '' ? '' : ` with ${peerGroup}`}`;
}

/** Confidence of 0 to 100 with OCSF's word for it (confidence_id 1 to 3). */
function confidenceOf(value: number): object {
  const level = value < 34 ? 1 : value < 67 ? 2 : 3;
  return { confidence_score: value, confidence_id: level, confidence: ['Low', 'Medium', 'High'][level - 1] };
}

function analyticOf(detection: string): object {
  const isRule = detection === 'claim-violation' || detection === 'via' || detection === 'works-without';
  return {
    uid: detection,
    name: detectionCard(detection)?.title ?? detection,
    type_id: isRule ? 1 : 2,
    type: isRule ? 'Rule' : 'Behavioral',
  };
}

function attacksOf(detections: readonly string[]): object[] {
  const all = detections.flatMap((id) => detectionCard(id)?.attack ?? []);
  const once = new Map(all.map((attack) => [attack.id, attack]));
  return [...once.values()].map(({ id, version }) => {
    const [technique, sub] = id.split('.');
    return { version, technique: named(technique!), ...(sub === undefined ? {} : { sub_technique: named(id) }) };
  });
}

function named(uid: string): { uid: string; name?: string } {
  const name = ATTACK_NAMES[uid];
  return name === undefined ? { uid } : { uid, name };
}

function evidenceOf({ assetAddress, peerAddress, peerCountry, peerAsn, initiator, port, protocol }: Chapter): object {
  const asset = { ip: assetAddress };
  const peer = {
    ip: peerAddress,
    ...(peerCountry === '' ? {} : { location: { country: peerCountry } }),
    ...(peerAsn === 0 ? {} : { autonomous_system: { number: peerAsn } }),
  };
  const byPeer = initiator === 'peer';
  const responder = { ...(byPeer ? asset : peer), ...(port === 0 ? {} : { port }) };
  return {
    src_endpoint: byPeer ? peer : asset,
    dst_endpoint: responder,
    connection_info: { protocol_num: protocol, direction_id: byPeer ? 1 : 2 },
  };
}

/** A peer's address, and where in the event it stands: on the side that it had in the story. */
function observableOf(value: string, chapters: readonly Chapter[]): object {
  const byPeer = chapters.find(({ peerAddress }) => peerAddress === value)?.initiator === 'peer';
  return { name: `evidences[].${byPeer ? 'src' : 'dst'}_endpoint.ip`, type_id: 2, type: 'IP Address', value };
}

function relatedOf({ finding, detection, atMs, severity, sentence }: Chapter): object {
  return {
    uid: finding,
    type: detection,
    first_seen_time: atMs,
    severity_id: SEVERITY_ID[severity],
    severity: SEVERITY_NAME[severity],
    desc: sentence,
  };
}
