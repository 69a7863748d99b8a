import type { Severity } from '../claims/compiled.js';
import type { Chapter } from '../incidents/incident.js';
import type { Notice } from './notice.js';
import { titleOf } from './ocsf.js';

/** CEF severities run from 0 to 10: 0–3 low, 4–6 medium, 7–8 high, 9–10 very high. */
const CEF_SEVERITY: Readonly<Record<Severity, number>> = { info: 1, low: 3, medium: 5, high: 8, critical: 10 };

export interface CefOptions {
  /** Version of this program. */
  readonly version: string;
  /** Longest that the sentence may be, in characters. */
  readonly mostCharacters?: number;
}

/**
 * The notice as one line of the Common Event Format, version 0. `externalId` is the incident, `deviceExternalId` the notice. Text from telemetry and claim files
 * goes through the format's two kinds of escaping, so that no name can end a field or begin one.
 */
export function cefOf({ id, reason, incident }: Notice, { version, mostCharacters = 1023 }: CefOptions): string {
  const head = ['CEF:0', 'Cordon', 'Cordon', version, incident.detections[0]!, titleOf(incident), String(CEF_SEVERITY[incident.severity])];
  const { severityScore, confidenceScore } = incident;
  const first = incident.story.find(({ peerAddress }) => peerAddress !== '::') ?? incident.story[0]!;
  const fields: [string, string | number][] = [
    ['rt', incident.lastSeenMs],
    ['start', incident.firstSeenMs],
    ['end', incident.lastSeenMs],
    ['cnt', incident.count],
    ['externalId', incident.id],
    ['deviceExternalId', id],
    ...endsOf(first),
    ['cs1Label', 'asset'],
    ['cs1', incident.subject],
    ['cs2Label', 'fleet'],
    ['cs2', incident.fleet],
    ['cs3Label', 'peerGroup'],
    ['cs3', incident.peerGroup],
    ['cs4Label', 'detections'],
    ['cs4', incident.detections.join(', ')],
    ['cs5Label', 'sums'],
    ['cs5', `${severityScore.sum} ${confidenceScore.sum}`],
    ['cs6Label', 'reason'],
    ['cs6', reason],
    ...(first.peerCountry === ''
      ? []
      : ([
          ['flexString1Label', 'peerCountry'],
          ['flexString1', first.peerCountry],
        ] as [string, string][])),
    ['cn1Label', 'severityScore'],
    ['cn1', severityScore.value],
    ['cn2Label', 'confidenceScore'],
    ['cn2', confidenceScore.value],
    ['msg', cut(incident.sentence, mostCharacters)],
  ];
  const extension = fields.filter(([, value]) => value !== '').map(([key, value]) => `${key}=${inExtension(String(value))}`);
  return `${head.slice(0, 1).concat(head.slice(1).map(inHeader)).join('|')}|${extension.join(' ')}`;
}

/** Both ends, the one that began as the source; IPv6 addresses have fields of their own. */
function endsOf({ assetAddress, peerAddress, initiator, port, protocol }: Chapter): [string, string | number][] {
  const byPeer = initiator === 'peer';
  const end = (address: string, v4: string, v6: string, label: string): [string, string | number][] => {
    if (address === '::') return [];
    return address.includes(':')
      ? [
          [`${v6}Label`, label],
          [v6, address],
        ]
      : [[v4, address]];
  };
  return [
    ...end(byPeer ? peerAddress : assetAddress, 'src', 'c6a2', 'Source IPv6 Address'),
    ...end(byPeer ? assetAddress : peerAddress, 'dst', 'c6a3', 'Destination IPv6 Address'),
    ...(port === 0 ? [] : [['dpt', port] as [string, number]]),
    ...(protocol === 0 ? [] : [['proto', protocolName(protocol)] as [string, string]]),
    ['deviceDirection', byPeer ? 0 : 1],
  ];
}

function protocolName(protocol: number): string {
  return { 1: 'ICMP', 6: 'TCP', 17: 'UDP' }[protocol] ?? String(protocol);
}

/** In the header a backslash and a pipe are escaped, and there are no lines. */
function inHeader(text: string): string {
  return oneLine(text).replace(/[\\|]/g, (character) => `\\${character}`);
}

/** In the extension a backslash and an equals sign are escaped. Line ends could be written as \n there; they are spaces, since receivers differ in reading them. */
function inExtension(text: string): string {
  return oneLine(text).replace(/[\\=]/g, (character) => `\\${character}`);
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
}

function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
