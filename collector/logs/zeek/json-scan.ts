import { createApplicationReader } from '../application-names.js';
import { JsonKind, JsonScanner } from '../json-scanner.js';
import type { LogRecord } from '../log-row.js';
import { macOf, readAddress } from '../text-fields.js';
import { applyPorts, applyState, applyVlans, protocolOf } from './connection.js';
import { applyHistory } from './history.js';
import { createJsonReader, type JsonReader } from './json-line.js';
import { Read } from './read.js';

/** Members of conn.log's lines, by their place in NAMES; where there are several names, the later ones stand behind the first. */
const Member = {
  ts: 0,
  duration: 1,
  originator: 2,
  responder: 5,
  originatorPort: 8,
  responderPort: 11,
  protocol: 14,
  ipProtocol: 15,
  originatorIpBytes: 16,
  responderIpBytes: 18,
  originatorPackets: 20,
  responderPackets: 21,
  missedBytes: 22,
  vlan: 23,
  innerVlan: 24,
  originatorMac: 25,
  responderMac: 26,
  history: 27,
  state: 28,
  path: 29,
  service: 30,
} as const;
const ENDPOINT_NAMES = 3;
const NAMES = [
  'ts',
  'duration',
  ...['id\\.orig_h', 'id_orig_h', 'src_ip'],
  ...['id\\.resp_h', 'id_resp_h', 'dst_ip'],
  ...['id\\.orig_p', 'id_orig_p', 'src_port'],
  ...['id\\.resp_p', 'id_resp_p', 'dst_port'],
  'proto',
  'ip_proto',
  ...['orig_ip_bytes', 'orig_bytes'],
  ...['resp_ip_bytes', 'resp_bytes'],
  'orig_pkts',
  'resp_pkts',
  'missed_bytes',
  'vlan',
  'inner_vlan',
  'orig_l2_addr',
  'resp_l2_addr',
  'history',
  'conn_state',
  '_path',
  'service',
];
const MAX_SECONDS = 1e10;
const MAX_TEXT = 256;

/**
 * Reads lines of conn.log in JSON from their octets, as fast as TSV; a line that is written in another way, or is none, goes to the reader by JSON.parse, whose
 * answers these are.
 */
export function createJsonScanReader(): JsonReader {
  const scanner = new JsonScanner(NAMES);
  const readOther = createJsonReader();
  const applicationOf = createApplicationReader();
  const { kinds, starts, ends, numbers } = scanner;

  /** The first of a member's names that has a value. */
  function named(place: number, names: number): number {
    for (let i = 0; i < names; i++) if (!scanner.isNothing(place + i)) return place + i;
    return place;
  }

  /** In microseconds, −1 for what is not seconds as a number. */
  function microseconds(place: number): number {
    if (kinds[place] === JsonKind.decimal) return numbers[place]!;
    return kinds[place] === JsonKind.whole && numbers[place]! < MAX_SECONDS ? numbers[place]! * 1e6 : -1;
  }

  function address(bytes: Uint8Array, place: number, into: LogRecord, at: number): boolean {
    const one = named(place, ENDPOINT_NAMES);
    return kinds[one] === JsonKind.text && readAddress(bytes, starts[one]!, ends[one]!, into.addresses, at);
  }

  function mac(bytes: Uint8Array, place: number): number {
    return kinds[place] === JsonKind.text ? macOf(bytes, starts[place]!, ends[place]!) : 0;
  }

  /** Where a member that should be text is: nowhere when it is absent. False when it is longer than such texts are. */
  function isShort(place: number): boolean {
    if (kinds[place] !== JsonKind.text) {
      starts[place] = 0;
      ends[place] = 0;
    }
    return ends[place]! - starts[place]! <= MAX_TEXT;
  }

  /** True when all that a row needs was read. */
  function read(bytes: Uint8Array, into: LogRecord): boolean {
    const startUs = microseconds(Member.ts);
    const durationUs = scanner.isNothing(Member.duration) ? 0 : microseconds(Member.duration);
    if (startUs < 0 || durationUs < 0 || kinds[Member.path] !== JsonKind.absent) return false;
    const isConnection =
      kinds[Member.state]! + kinds[Member.originatorPackets]! + kinds[Member.originatorIpBytes]! + kinds[Member.originatorIpBytes + 1]!;
    if (isConnection === 0) return false;
    into.startMs = Math.floor(startUs / 1000);
    into.endMs = Math.floor((startUs + durationUs) / 1000);
    if (!address(bytes, Member.originator, into, 0) || !address(bytes, Member.responder, into, 16)) return false;
    if (kinds[Member.protocol] !== JsonKind.text) return false;
    const told = kinds[Member.ipProtocol] !== JsonKind.absent;
    if (told && kinds[Member.ipProtocol] !== JsonKind.whole) return false;
    const protocol = told ? numbers[Member.ipProtocol]! : protocolOf(bytes, starts[Member.protocol]!, ends[Member.protocol]!);
    if (protocol < 0 || protocol > 255) return false;
    into.protocol = protocol;
    const originatorPort = scanner.count(named(Member.originatorPort, ENDPOINT_NAMES));
    const responderPort = scanner.count(named(Member.responderPort, ENDPOINT_NAMES));
    if (!applyPorts(into, originatorPort, responderPort)) return false;
    into.octets = scanner.count(named(Member.originatorIpBytes, 2));
    into.reverseOctets = scanner.count(named(Member.responderIpBytes, 2));
    into.packets = scanner.count(Member.originatorPackets);
    into.reversePackets = scanner.count(Member.responderPackets);
    if (into.octets < 0 || into.reverseOctets < 0 || into.packets < 0 || into.reversePackets < 0) return false;
    if (!applyVlans(into, scanner.count(Member.vlan), scanner.count(Member.innerVlan))) return false;
    if (!isShort(Member.history) || !isShort(Member.state) || !isShort(Member.service)) return false;
    into.sourceMac = mac(bytes, Member.originatorMac);
    into.destinationMac = mac(bytes, Member.responderMac);
    into.applicationName = applicationOf(bytes, starts[Member.service]!, ends[Member.service]!);
    into.biflow = 1;
    applyHistory(into, bytes, starts[Member.history]!, ends[Member.history]!);
    applyState(into, bytes, starts[Member.state]!, ends[Member.state]!);
    return scanner.count(Member.missedBytes) >= 0;
  }

  return (bytes, from, to, into) => {
    if (!scanner.scan(bytes, from, to) || !read(bytes, into)) return readOther(bytes, from, to, into);
    return scanner.count(Member.missedBytes) > 0 ? Read.recordWithGaps : Read.record;
  };
}
