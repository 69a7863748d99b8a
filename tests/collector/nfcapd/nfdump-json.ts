import { formatAddress, parseAddress } from '../../../flow/address.js';
import type { NfcapdRow } from './read-nfcapd.js';

/** A record as `nfdump -o json` prints it with TZ=UTC. */
export type NfdumpRecord = Readonly<Record<string, string | number | undefined>>;

const ICMP: readonly unknown[] = [1, 58];

/** What our row of the record must be, as far as nfdump prints it. Its times are 1970 where nfcapd stored none: there the record's arrival stands. */
export function expectedRow(record: NfdumpRecord): Partial<NfcapdRow> {
  const number = (name: string): number => Number(record[name] ?? 0);
  const ms = (name: string): number => {
    const time = Date.parse(`${record[name]}Z`);
    return time < 1e13 ? time : 0;
  };
  const other = eventMs(record.t_event) || ms('received');
  const start = ms('first') || ms('last') || other;
  const isIcmp = ICMP.includes(record.proto);
  return {
    startMs: start,
    endMs: Math.max(ms('last') || ms('first') || other, start),
    receivedMs: ms('received'),
    // Of records with both families nfdump prints zeros for each.
    ...(record.src4_addr !== undefined && record.src6_addr !== undefined
      ? {}
      : { source: address(record.src4_addr ?? record.src6_addr), destination: address(record.dst4_addr ?? record.dst6_addr) }),
    ports: isIcmp ? [0, 0] : [number('src_port'), number('dst_port')],
    icmp: isIcmp && record.icmp_type !== undefined ? number('icmp_type') * 256 + number('icmp_code') : 0,
    protocol: number('proto'),
    ...(typeof record.tcp_flags === 'string' ? { flags: flagsOf(record.tcp_flags) } : {}),
    packets: [number('in_packets'), number('out_packets')],
    octets: [number('in_bytes'), number('out_bytes')],
    interfaces: [number('input_snmp'), number('output_snmp')],
    as: [number('src_as'), number('dst_as')],
    vlan: number('src_vlan'),
    firewall: number('event_id'),
    translated: [address(record.src4_xlt_ip ?? record.src6_xlt_ip), address(record.dst4_xlt_ip ?? record.dst6_xlt_ip)],
    translatedPorts: [number('src_xlt_port'), number('dst_xlt_port')],
    macs: [mac(record.in_src_mac) || mac(record.out_src_mac), mac(record.in_dst_mac) || mac(record.out_dst_mac)],
  };
}

/** '...AP.SF': a letter where the flag is set, the lowest last. */
function flagsOf(text: string): number {
  return [...text].reduce((flags, letter) => flags * 2 + (letter === '.' ? 0 : 1), 0);
}

/** As we write it: inet_ntop writes some IPv6 addresses with a dotted end. */
function address(value: string | number | undefined): string {
  return value === undefined ? '::' : formatAddress(parseAddress(String(value)));
}

function mac(value: string | number | undefined): number {
  return typeof value === 'string' ? Number.parseInt(value.replaceAll(':', ''), 16) : 0;
}

/** nfdump prints the milliseconds of an event without leading zeros: '2016-07-21T13:50:33.15' is 15 ms; those of the first second as '<unknown>.15'. */
function eventMs(value: string | number | undefined): number {
  const [seconds = '', milliseconds = '0'] = typeof value === 'string' ? value.split('.') : [];
  const time = (seconds === '<unknown>' ? 0 : Date.parse(`${seconds}Z`)) + Number(milliseconds);
  return time < 1e13 ? time : 0;
}
