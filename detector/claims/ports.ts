const PROTOCOLS = { icmp: 1, tcp: 6, udp: 17, gre: 47, esp: 50, icmpv6: 58, sctp: 132 } as const;

/** One entry of `ports`: a protocol, and the range of the responder's ports. A protocol alone means all of it. */
export interface PortRange {
  readonly protocol: number;
  readonly from: number;
  readonly to: number;
  /** True where the text names a port. */
  readonly named: boolean;
}

/** Undefined when the numbers are no ports; the schema has checked the form. */
export function parsePortRange(text: string): PortRange | undefined {
  const [name = '', range] = text.split('/');
  const protocol = PROTOCOLS[name as keyof typeof PROTOCOLS];
  if (range === undefined) return { protocol, from: 0, to: 65_535, named: false };
  const [from = Number.NaN, to = from] = range.split('-').map(Number);
  return from >= 1 && to <= 65_535 && from <= to ? { protocol, from, to, named: true } : undefined;
}

/** The predicate of a rule's `ports`; every protocol and port where the rule names none. */
export function createPortMatcher(ranges: readonly PortRange[] | undefined): (protocol: number, port: number) => boolean {
  if (ranges === undefined) return () => true;
  const protocols = Uint8Array.from(ranges, (range) => range.protocol);
  const froms = Uint16Array.from(ranges, (range) => range.from);
  const tos = Uint16Array.from(ranges, (range) => range.to);
  return (protocol, port) => {
    for (let i = 0; i < protocols.length; i++) if (protocols[i] === protocol && port >= froms[i]! && port <= tos[i]!) return true;
    return false;
  };
}

/** The predicate "some rule names this port", one bit a port for each protocol that has ports. */
export function createClaimedPorts(ranges: readonly PortRange[]): (protocol: number, port: number) => boolean {
  const bits = new Map<number, Uint8Array>();
  for (const { protocol, from, to, named } of ranges) {
    if (!named) continue;
    const ports = bits.get(protocol) ?? new Uint8Array(65_536);
    bits.set(protocol, ports.fill(1, from, to + 1));
  }
  return (protocol, port) => bits.get(protocol)?.[port] === 1;
}
