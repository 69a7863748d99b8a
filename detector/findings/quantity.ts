const IEC = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Octets for people: IEC 80000-13 units, one decimal from KiB on. */
export function formatOctets(octets: number): string {
  let value = octets;
  let unit = 0;
  while (value >= 1024 && unit < IEC.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${IEC[unit]}`;
}

/** A count with its noun: '1 connection', '3 connections'. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  47: 'gre',
  50: 'esp',
  58: 'icmpv6',
  132: 'sctp',
  136: 'udplite',
};

/** 'tcp/443', 'icmp', 'protocol 89'; '' when the finding is about no single protocol. */
export function formatPort(protocol: number, port: number): string {
  if (protocol === 0 && port === 0) return '';
  const name = PROTOCOL_NAMES[protocol] ?? `protocol ${protocol}`;
  return port === 0 ? name : `${name}/${port}`;
}
