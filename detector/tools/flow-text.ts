import { AddressError, formatAddress, parseAddress, printable } from '../../flow/address.js';
import { FLOW_COLUMNS, type FlowColumnName, TRANSFERRED_OCTETS } from '../../flow/columns.js';
import { nearest } from '../../flow/service/nearest.js';
import { formatTime, parseDuration, parseInstant } from '../../flow/time.js';
import { FULL_PACKET_OCTETS } from '../claims/detectability.js';
import { hasPorts, TcpFlag } from '../sessions/orientation.js';

/** A flow record as a person or `cordon decode` writes it: columns by name, times as ISO 8601, addresses and enums as words; what is left out is zero. */
export type RowText = Readonly<Partial<Record<FlowColumnName, string | number>>>;

/** A flow that cannot be read: a sentence with what to write instead. */
export class FlowTextError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FlowTextError';
  }
}

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, gre: 47, esp: 50, icmpv6: 58, sctp: 132 };
const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const DEFAULT_OCTETS = 1000;
const SYN_OCTETS = 60;
const SHAPE = "write '10.40.10.11:50000 > 203.0.113.7:443 tcp 2026-12-03T03:00:00Z 25MB'";

/**
 * Reads a flow: a JSON row as `cordon decode` prints it, or the short form
 *
 *   SOURCE[:PORT] > DESTINATION[:PORT] PROTOCOL INSTANT [DURATION] [OCTETS[/REVERSE]] [attempt] [names=a,b] [from-names=a,b] [mac=…] [from-mac=…] [sampling=N]
 *
 * `>`: the source began; `-`: nobody knows. IPv6 with a port stands in brackets. `attempt`: asked and not answered. `names` are what the source was told for the
 * destination, `mac` is the destination's. Throws FlowTextError.
 */
export function parseFlow(text: string): RowText {
  return text.trimStart().startsWith('{') ? parseJsonRow(text) : parseShortForm(text);
}

function parseJsonRow(text: string): RowText {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FlowTextError(`'${printable(text)}' is no JSON; give a row as cordon decode prints it, or ${SHAPE}`);
  }
  const row = value as Record<string, unknown>;
  for (const [name, cell] of Object.entries(row)) {
    if (!Object.hasOwn(FLOW_COLUMNS, name)) {
      const meant = nearest(name, Object.keys(FLOW_COLUMNS));
      throw new FlowTextError(
        `a flow record has no column '${printable(name)}'; ${meant === undefined ? 'docs/formats.md lists them' : `did you mean '${meant}'?`}`,
      );
    }
    if (typeof cell !== 'string' && typeof cell !== 'number')
      throw new FlowTextError(`the column '${name}' of a flow must be a text or a number`);
  }
  for (const name of ['flowStartMilliseconds', 'sourceIPv6Address', 'destinationIPv6Address', 'protocolIdentifier'] as const)
    if (row[name] === undefined) throw new FlowTextError(`the flow lacks '${name}'; give a row as cordon decode prints it`);
  return { ...(row.flowEndMilliseconds === undefined ? { flowEndMilliseconds: row.flowStartMilliseconds } : {}), ...row } as RowText;
}

function parseShortForm(text: string): RowText {
  const [from = '', arrow = '', to = '', protocolText = '', at = '', ...rest] = text.trim().split(/\s+/);
  if (arrow !== '>' && arrow !== '-') throw new FlowTextError(`'${printable(text)}' is no flow; ${SHAPE}`);
  const protocol = PROTOCOLS[protocolText] ?? (/^\d{1,3}$/.test(protocolText) ? Number(protocolText) : 256);
  if (protocol > 255)
    throw new FlowTextError(`'${printable(protocolText)}' is no protocol; write one of ${Object.keys(PROTOCOLS).join(', ')}, or a number`);
  const startMs = parseInstant(at);
  if (startMs === undefined) throw new FlowTextError(`'${printable(at)}' is no instant; write one with its zone: 2026-12-03T03:00:00Z`);
  const source = parseEnd(from, protocol);
  const destination = parseEnd(to, protocol);
  const extras = parseExtras(rest);
  const seen = arrow === '>';
  const octets = extras.octets ?? (extras.attempt ? SYN_OCTETS : DEFAULT_OCTETS);
  const reverse = extras.reverse ?? 0;
  const tcp = protocol === PROTOCOLS.tcp;
  const exchanged = seen ? TcpFlag.syn | TcpFlag.ack | TcpFlag.psh | TcpFlag.fin : TcpFlag.ack | TcpFlag.psh;
  const completion = extras.attempt ? 'attempt' : Math.max(octets, reverse) >= TRANSFERRED_OCTETS ? 'transferred' : 'established';
  return {
    flowStartMilliseconds: formatTime(startMs),
    flowEndMilliseconds: formatTime(startMs + extras.durationMs),
    sourceIPv6Address: source.address,
    destinationIPv6Address: destination.address,
    sourceTransportPort: source.port,
    destinationTransportPort: destination.port,
    protocolIdentifier: protocol,
    tcpControlBits: tcp ? (extras.attempt ? TcpFlag.syn : exchanged) : 0,
    reverseTcpControlBits: tcp && !extras.attempt ? exchanged : 0,
    octetDeltaCount: octets,
    packetDeltaCount: packetsOf(octets),
    reverseOctetDeltaCount: reverse,
    reversePacketDeltaCount: reverse === 0 ? 0 : packetsOf(reverse),
    biflow: extras.attempt || extras.reverse !== undefined ? 1 : 0,
    samplingInterval: extras.sampling,
    initiator: seen ? 'source' : 'unknown',
    initiatorConfidence: seen ? 100 : 0,
    completion,
    sourceNames: extras.words.get('from-names') ?? '',
    destinationNames: extras.words.get('names') ?? '',
    sourceMacAddress: extras.words.get('from-mac') ?? '',
    destinationMacAddress: extras.words.get('mac') ?? '',
  };
}

function packetsOf(octets: number): number {
  return Math.max(1, Math.ceil(octets / FULL_PACKET_OCTETS));
}

function parseEnd(text: string, protocol: number): { address: string; port: number } {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^[\]]*?))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const bareIPv6 = bracketed === undefined && text.split(':').length > 2;
  const address = bareIPv6 ? text : (bracketed ?? plain ?? '');
  const port = bareIPv6 || portText === undefined ? 0 : Number(portText);
  if (port > 65_535) throw new FlowTextError(`'${printable(text)}': ports go up to 65535`);
  try {
    const bytes = parseAddress(address);
    if (port > 0 && !hasPorts(protocol))
      throw new FlowTextError(`'${printable(text)}' names a port, and the protocol has none; leave it out`);
    return { address: formatAddress(bytes), port };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new FlowTextError(`'${printable(text)}' is no address with a port; write 10.40.10.11:443 or [2001:db8::1]:443`);
  }
}

interface Extras {
  durationMs: number;
  octets: number | undefined;
  reverse: number | undefined;
  attempt: boolean;
  sampling: number;
  readonly words: Map<string, string>;
}

const WORDS = ['names', 'from-names', 'mac', 'from-mac'];

function parseExtras(parts: readonly string[]): Extras {
  const extras: Extras = { durationMs: 0, octets: undefined, reverse: undefined, attempt: false, sampling: 1, words: new Map() };
  for (const part of parts) {
    const [name = '', value = ''] = part.split(/=(.*)/s);
    const duration = part.startsWith('P') ? parseDuration(part) : undefined;
    if (part === 'attempt') extras.attempt = true;
    else if (duration !== undefined) extras.durationMs = duration;
    else if (name === 'sampling' && /^[1-9]\d{0,8}$/.test(value)) extras.sampling = Number(value);
    else if (WORDS.includes(name) && value !== '') extras.words.set(name, value);
    else if (/^\d/.test(part)) {
      const [out = '', back] = part.split('/');
      extras.octets = parseSize(out, part);
      if (back !== undefined) extras.reverse = parseSize(back, part);
    } else {
      throw new FlowTextError(
        `'${printable(part)}' says nothing about a flow; after the instant may stand a duration (PT5M), octets (25MB, 1MiB/300KiB), attempt, sampling=N, names=, from-names=, mac= or from-mac=`,
      );
    }
  }
  return extras;
}

function parseSize(text: string, whole: string): number {
  const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?)([A-Za-z]+)?$/.exec(text) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined)
    throw new FlowTextError(`'${printable(whole)}' is no size; write 600B, 25MB (millions) or 25MiB, and after / what came back`);
  return Math.round(Number(number) * factor);
}
