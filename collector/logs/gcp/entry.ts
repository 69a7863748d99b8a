import { type JsonObject, objectOf, TextScratch, wholeOf } from '../json-line.js';
import type { LogRecord } from '../log-row.js';
import { instantOf, readAddress } from '../text-fields.js';

const MAX_PORT = 65_535;
const MAX_DSCP = 63;

/** What a log entry was. */
export const Read = { record: 0, other: 1, malformed: 2 } as const;

/**
 * Reads a log entry (LogEntry with `jsonPayload`), or the payload alone:
 *
 *   {"connection": {"src_ip", "dest_ip", "src_port", "dest_port", "protocol"}, "bytes_sent": "…", "packets_sent": "…", "start_time", "end_time",
 *    "reporter": "SRC" | "DEST" | "SRC_GATEWAY" | "DEST_GATEWAY", "network_service": {"dscp"}, "src_vpc": {"vpc_name"}, "dest_vpc": …}
 *
 * 64-bit numbers are text (protobuf's JSON). A flow that had none of a thing lacks it.
 */
export function createEntryReader(): (entry: JsonObject, into: LogRecord) => number {
  const text = new TextScratch();

  const address = (value: unknown, into: LogRecord, at: number): boolean => {
    text.set(value);
    return readAddress(text.bytes, 0, text.length, into.addresses, at);
  };

  return (entry, into) => {
    const payload = objectOf(entry.jsonPayload) ?? entry;
    if (payload.connection === undefined) return Read.other;
    const connection = objectOf(payload.connection);
    if (connection === undefined) return Read.malformed;
    if (!address(connection.src_ip, into, 0) || !address(connection.dest_ip, into, 16)) return Read.malformed;
    into.protocol = connection.protocol === undefined || connection.protocol === null ? -1 : numberOf(connection.protocol, 255);
    into.sourcePort = numberOf(connection.src_port, MAX_PORT);
    into.destinationPort = numberOf(connection.dest_port, MAX_PORT);
    into.octets = numberOf(payload.bytes_sent);
    into.packets = numberOf(payload.packets_sent);
    if (into.protocol < 0 || into.sourcePort < 0 || into.destinationPort < 0 || into.octets < 0 || into.packets < 0) return Read.malformed;
    into.startMs = timeOf(payload.start_time);
    into.endMs = timeOf(payload.end_time);
    if (!(into.endMs >= into.startMs)) return Read.malformed;
    const dscp = numberOf(objectOf(payload.network_service)?.dscp, MAX_DSCP);
    into.ipClassOfService = dscp < 0 ? 0 : dscp << 2;
    into.vrfName = networkOf(payload);
    return Read.record;
  };
}

/** The VPC network of the side that reports. */
function networkOf(payload: JsonObject): string {
  const reporter = payload.reporter;
  const atSource = typeof reporter === 'string' && reporter.startsWith('SRC');
  const name = objectOf(atSource ? payload.src_vpc : payload.dest_vpc)?.vpc_name;
  return typeof name === 'string' && name.length <= MAX_NAME ? name : '';
}
const MAX_NAME = 256;

/** A whole number, as such or as text; 0 where it is absent, −1 where it is anything else. */
function numberOf(value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  return wholeOf(typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value, most);
}

function timeOf(value: unknown): number {
  return typeof value === 'string' ? instantOf(value) : Number.NaN;
}
