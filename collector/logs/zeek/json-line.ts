import { createApplicationReader } from '../application-names.js';
import { type JsonObject, parseJsonLine, TextScratch, wholeOf } from '../json-line.js';
import type { LogRecord } from '../log-row.js';
import { instantOf, macOf, readAddress } from '../text-fields.js';
import { applyPorts, applyState, applyVlans, protocolOf } from './connection.js';
import { applyHistory } from './history.js';
import { Read } from './read.js';

/** Times from this on are milliseconds (JSON::TS_MILLIS): as seconds they would lie beyond the year 5000. */
const MILLISECONDS_FROM = 1e11;
const MAX_SECONDS = 1e10;

export type JsonReader = (bytes: Uint8Array, from: number, to: number, into: LogRecord) => number;

/** Reads lines of conn.log in JSON (LogAscii::use_json). Zeek leaves out what is unset. */
export function createJsonReader(): JsonReader {
  const text = new TextScratch();
  const applicationOf = createApplicationReader();
  return (bytes, from, to, into) => {
    const o = parseJsonLine(bytes, from, to);
    if (o === undefined) return Read.malformed;
    if (!isConnection(o)) return Read.other;
    const startUs = timeOf(o.ts);
    const durationUs = o.duration === undefined || o.duration === null ? 0 : microseconds(o.duration);
    if (!(startUs >= 0 && durationUs >= 0)) return Read.malformed;
    into.startMs = Math.floor(startUs / 1000);
    into.endMs = Math.floor((startUs + durationUs) / 1000);
    if (!address(text.set(o['id.orig_h'] ?? o.id_orig_h ?? o.src_ip), into, 0)) return Read.malformed;
    if (!address(text.set(o['id.resp_h'] ?? o.id_resp_h ?? o.dst_ip), into, 16)) return Read.malformed;
    text.set(o.proto);
    const protocol = o.ip_proto === undefined ? protocolOf(text.bytes, 0, text.length) : wholeOf(o.ip_proto, 255);
    if (protocol < 0) return Read.malformed;
    into.protocol = protocol;
    const originatorPort = wholeOf(o['id.orig_p'] ?? o.id_orig_p ?? o.src_port);
    const responderPort = wholeOf(o['id.resp_p'] ?? o.id_resp_p ?? o.dst_port);
    if (!applyPorts(into, originatorPort, responderPort)) return Read.malformed;
    into.octets = wholeOf(o.orig_ip_bytes ?? o.orig_bytes);
    into.reverseOctets = wholeOf(o.resp_ip_bytes ?? o.resp_bytes);
    into.packets = wholeOf(o.orig_pkts);
    into.reversePackets = wholeOf(o.resp_pkts);
    const missed = wholeOf(o.missed_bytes);
    if (into.octets < 0 || into.reverseOctets < 0 || into.packets < 0 || into.reversePackets < 0 || missed < 0) return Read.malformed;
    if (!applyVlans(into, wholeOf(o.vlan), wholeOf(o.inner_vlan))) return Read.malformed;
    into.sourceMac = mac(text.set(o.orig_l2_addr));
    into.destinationMac = mac(text.set(o.resp_l2_addr));
    text.set(o.service);
    into.applicationName = applicationOf(text.bytes, 0, text.length);
    into.biflow = 1;
    text.set(o.history);
    applyHistory(into, text.bytes, 0, text.length);
    text.set(o.conn_state);
    applyState(into, text.bytes, 0, text.length);
    return missed > 0 ? Read.recordWithGaps : Read.record;
  };
}

/** dns.log and ssl.log have endpoints and `proto` too. `_path` is in logs of the package json-streaming-logs. */
function isConnection(o: JsonObject): boolean {
  if (o._path !== undefined && o._path !== 'conn') return false;
  return o.conn_state !== undefined || o.orig_pkts !== undefined || o.orig_ip_bytes !== undefined || o.orig_bytes !== undefined;
}

/** In microseconds; NaN or −1 when it is none. LogAscii::json_timestamps writes seconds, milliseconds or ISO 8601. */
function timeOf(value: unknown): number {
  if (typeof value === 'string') return instantOf(value) * 1000;
  if (typeof value === 'number' && value >= MILLISECONDS_FROM) return value < MAX_SECONDS * 1000 ? Math.round(value * 1000) : -1;
  return microseconds(value);
}

function microseconds(value: unknown): number {
  return typeof value === 'number' && value >= 0 && value < MAX_SECONDS ? Math.round(value * 1e6) : -1;
}

function address(text: TextScratch, into: LogRecord, at: number): boolean {
  return readAddress(text.bytes, 0, text.length, into.addresses, at);
}

function mac(text: TextScratch): number {
  return macOf(text.bytes, 0, text.length);
}
