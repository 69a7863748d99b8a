/** Formats of logs that can be told by their first lines. */
export type SniffedLog = 'zeek' | 'eve' | 'vpc' | 'azure' | 'gcp';

/** Lines looked at: Zeek's header has nine, an EVE log may begin with any kind of event. */
const SNIFF_LINES = 20;

/** Fields that the header of a VPC flow log names where its lines are to be flows. */
const VPC_HEADER = ['protocol', 'packets', 'bytes', 'start', 'end'];
/**
 * A line of a VPC flow log in the default format (version, account, interface, addresses …, log-status), perhaps with the fields of further versions behind
 * or the time of an export before it; or one of a transit gateway.
 */
const VPC_LINE =
  /^(\d{4}-\S+ )?(\d \S+ \S+ (\S+ ){10}(OK|NODATA|SKIPDATA)( \S+)*|\d TransitGateway (\S+ ){23}(OK|NODATA|SKIPDATA)( \S+)*)$/;
/** Members that tell the logs whose JSON need not be a line a record. */
const DOCUMENTS: readonly (readonly [format: SniffedLog, ...marks: RegExp[]])[] = [
  ['azure', /"flowTuples"\s*:\s*\[/],
  ['gcp', /"connection"\s*:\s*\{/, /"(src_ip|dest_ip)"\s*:/, /"(packets_sent|bytes_sent|reporter)"\s*:/],
  ['vpc', /"message"\s*:\s*"(\d \S+ \S+ (\S+ ){10}(OK|NODATA|SKIPDATA)|\d TransitGateway )/],
  ['vpc', /"srcaddr"\s*:/, /"dstaddr"\s*:/, /"log[-_]status"\s*:/],
  ['eve', /"event_type"\s*:\s*"/, /"timestamp"\s*:/],
  ['zeek', /"id[._]orig_h"\s*:/, /"proto"\s*:/, /"(conn_state|orig_pkts|orig_bytes)"\s*:/],
];

/** Which log `bytes`, the beginning of a file, are of; undefined when of none. Only lines that are whole are looked at, but for a file of one line. */
export function sniffLog(bytes: Uint8Array): SniffedLog | undefined {
  if (bytes.includes(0)) return undefined;
  const text = new TextDecoder().decode(bytes);
  const lines = text.split(/\r?\n/);
  if (lines.length > 1) lines.pop();
  for (const line of lines.filter((text) => text !== '').slice(0, SNIFF_LINES)) {
    const found = ofLine(line);
    if (found !== undefined) return found;
    if (!line.startsWith('#')) break;
  }
  return /^\s*[{[]/.test(text) ? DOCUMENTS.find(([, ...marks]) => marks.every((mark) => mark.test(text)))?.[0] : undefined;
}

function ofLine(line: string): SniffedLog | undefined {
  if (line.startsWith('#fields')) return isZeekLog(new Set(line.split(/[^\w.]/))) ? 'zeek' : undefined;
  if (line.startsWith('{')) return ofObject(line);
  if (/^[a-z -]+$/.test(line)) {
    const fields = line.split(' ');
    return VPC_HEADER.every((name) => fields.includes(name)) ? 'vpc' : undefined;
  }
  return VPC_LINE.test(line) ? 'vpc' : undefined;
}

function ofObject(line: string): SniffedLog | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const names = new Set(Object.keys(value));
  if (names.has('event_type') && names.has('timestamp')) return 'eve';
  return isZeekLog(names) ? 'zeek' : undefined;
}

/** Whether columns are those of a log of Zeek's that is read: conn.log, dns.log, stats.log or capture_loss.log. Unset ones are not in JSON. */
function isZeekLog(names: ReadonlySet<string>): boolean {
  if (!names.has('ts')) return false;
  const isConnections = names.has('proto') && (names.has('conn_state') || names.has('orig_pkts') || names.has('orig_bytes'));
  const isStatistics = (names.has('pkts_proc') && names.has('peer')) || (names.has('gaps') && names.has('acks'));
  return isConnections || isStatistics || isAnswers(names);
}

function isAnswers(names: ReadonlySet<string>): boolean {
  const isDns = names.has('query') && names.has('trans_id');
  return isDns && ['id.orig_h', 'id_orig_h', 'src_ip'].some((name) => names.has(name));
}

/** Whether `bytes`, the beginning of a file, are of a dns.log of Zeek's: it gives no flows, and is better read before those that do. */
export function isDnsLog(bytes: Uint8Array): boolean {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/, SNIFF_LINES);
  const line = lines.find((text) => text.startsWith('#fields') || text.startsWith('{'));
  if (line === undefined) return false;
  if (line.startsWith('#')) return isAnswers(new Set(line.split(/[^\w.]/)));
  return ofObject(line) === 'zeek' && isAnswers(new Set(line.split('"')));
}
