import { readFileSync } from 'node:fs';
import { TcpFlag } from '../../../collector/packets/packet.js';
import type { MeteredRecord } from './records.js';

/** A row of a conn.log. Many of Zeek's tests log a few columns only: what is not told is undefined. */
export interface ZeekConnection {
  uid: string;
  /** Uids of the connections that carried this one; of tunnels without ports, uids that no row has. */
  parents: readonly string[];
  endpoints: string | undefined;
  packets: number | undefined;
  octets: number | undefined;
  reversePackets: number | undefined;
  reverseOctets: number | undefined;
  /** conn_state and history, where the connection is TCP or the log does not say. */
  state: string | undefined;
  history: string | undefined;
}

/** Our names of columns that a test of Zeek's renamed. */
const RENAMED: Readonly<Record<string, string>> = {
  src_ip: 'id.orig_h',
  src_port: 'id.orig_p',
  dst_ip: 'id.resp_h',
  dst_port: 'id.resp_p',
};

export function zeekConnections(path: string): ZeekConnection[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && (!line.startsWith('#') || line.startsWith('#fields')));
  const fields = (lines.shift() ?? '')
    .replace('#fields\t', '')
    .split('\t')
    .map((name) => RENAMED[name] ?? name);
  return lines
    .map((line) => line.split('\t'))
    .map((cells) => (name: string): string | undefined => {
      const cell = cells[fields.indexOf(name)];
      return cell === '-' || cell === '(empty)' ? undefined : cell;
    })
    .filter((cell) => cell('uid') !== undefined)
    .map((cell) => {
      const number = (name: string): number | undefined => (cell(name) === undefined ? undefined : Number(cell(name)));
      const protocol = cell('proto') === 'unknown_transport' ? cell('ip_proto') : cell('proto');
      const tcp = protocol === 'tcp' || protocol === undefined;
      return {
        uid: cell('uid')!,
        parents: cell('tunnel_parents')?.split(',') ?? [],
        endpoints:
          cell('proto') &&
          cell('id.orig_p') &&
          `${protocol} ${cell('id.orig_h')} ${cell('id.orig_p')} > ${cell('id.resp_h')} ${cell('id.resp_p')}`,
        packets: number('orig_pkts'),
        octets: number('orig_ip_bytes'),
        reversePackets: number('resp_pkts'),
        reverseOctets: number('resp_ip_bytes'),
        state: tcp ? cell('conn_state') : undefined,
        history: tcp ? cell('history') : undefined,
      };
    });
}

const NAMES: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp' };
/** Zeek puts the type that answers where the responder's port would be, where there is one; the code otherwise. */
const ICMP6_ANSWERS: Readonly<Record<number, number>> = { 128: 129, 133: 134, 134: 133, 135: 136, 136: 135 };

export function endpointsOf(record: MeteredRecord): string {
  const { source, destination, protocol, icmpTypeCode } = record;
  const type = icmpTypeCode >> 8;
  const [from, to] =
    protocol === 58 || protocol === 1
      ? [type, (protocol === 58 ? ICMP6_ANSWERS[type] : undefined) ?? icmpTypeCode & 0xff]
      : [record.sourcePort, record.destinationPort];
  return `${NAMES[protocol] ?? protocol} ${source} ${from} > ${destination} ${to}`;
}

/** What of `row` the record contradicts; empty when it says the same. */
export function contradictions(row: ZeekConnection, record: MeteredRecord): string[] {
  const out: string[] = [];
  const compare = (name: string, theirs: unknown, ours: unknown): void => {
    if (theirs !== undefined && theirs !== ours) out.push(`${name}: Zeek ${theirs}, ours ${ours}`);
  };
  compare('endpoints', row.endpoints, endpointsOf(record));
  compare('packets', row.packets, record.packets);
  compare('octets', row.octets, record.octets);
  compare('packets back', row.reversePackets, record.reversePackets);
  compare('octets back', row.reverseOctets, record.reverseOctets);
  if (record.protocol !== 6) return out;
  compareHistory(row.history, record, compare);
  compareState(row.state, record, compare);
  return out;
}

type Compare = (name: string, theirs: unknown, ours: unknown) => void;

/** Letters of the originator are capital, the responder's small: s SYN, h SYN with ACK, f FIN, r RST (Zeek's conn/main.zeek). */
function compareHistory(history: string | undefined, { flags, reverseFlags }: MeteredRecord, compare: Compare): void {
  if (history === undefined) return;
  compare('SYN', /[SH]/.test(history), (flags & TcpFlag.syn) !== 0);
  compare('SYN back', /[sh]/.test(history), (reverseFlags & TcpFlag.syn) !== 0);
  compare('FIN', /F/.test(history), (flags & TcpFlag.fin) !== 0);
  compare('FIN back', /f/.test(history), (reverseFlags & TcpFlag.fin) !== 0);
  compare('RST', /R/.test(history), (flags & TcpFlag.rst) !== 0);
  compare('RST back', /r/.test(history), (reverseFlags & TcpFlag.rst) !== 0);
}

/** Both sides were seen to agree, or nobody answered; the other states say nothing of it. */
function compareState(state: string | undefined, { completion, reversePackets }: MeteredRecord, compare: Compare): void {
  const established = completion === 'established' || completion === 'transferred';
  if (['S1', 'S2', 'S3', 'SF', 'RSTO', 'RSTR'].includes(state ?? '')) compare('established', true, established);
  if (['REJ', 'RSTOS0'].includes(state ?? '')) compare('established', false, established);
  // S0 without any answer is also what half a capture of a session looks like, whose ACKs show that there was one.
  if (state === 'S0') compare('answered', false, reversePackets > 0);
}
