import { closeSync, openSync, writeSync } from 'node:fs';

/*
 * IPFIX export traffic of two fleets as a capture, always the same for the same number of records:
 *
 *   scanners   100 assets, exporter 10.40.0.1, domain 1, one biflow record a session (RFC 5103, with biflowDirection)
 *   billing    100 assets, exporter 10.70.0.1, domain 2, two uniflow records a session, four sessions in a hundred between two assets
 *
 * Two sessions of scanners come to one of billing, so that each fleet makes half of the records. An asset talks again and again to the same peers on the
 * same ports; one session in a hundred goes to one of eight addresses outside, which the claims forbid, and a third of those gets no answer.
 * Every record concerns a watched asset.
 */

const ASSETS_PER_FLEET = 100;
const OUTSIDE_PEERS = 8;
/** Two records a second and asset or so: what a busy day looks like. Fewer a minute would make each rollup row stand for one record. */
const RECORDS_PER_SECOND = 400;
const FROM_MS = Date.parse('2026-12-03T08:00:00Z');
/** Records leave the exporter this long after their session began; sessions last less. */
const EXPORT_AFTER_MS = 25_000;
const LONGEST_SESSION_MS = 20_000;
const TEMPLATE_EVERY_DATAGRAMS = 100;
const PAYLOAD_OCTETS = 1400; // an Ethernet packet holds 1472
const EXPORT_PORT = 4739;

const REVERSE = 29_305; // RFC 5103 §6.1
/** Element, octets, enterprise. */
type Field = readonly [id: number, octets: number, enterprise?: number];
const UNIFLOW: readonly Field[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [1, 8],
  [2, 8],
  [152, 8],
  [153, 8],
  [10, 4],
  [14, 4],
  [136, 1],
];
const BIFLOW: readonly Field[] = [...UNIFLOW, [1, 8, REVERSE], [2, 8, REVERSE], [6, 1, REVERSE], [239, 1]];

export interface TrafficSummary {
  readonly records: number;
  readonly datagrams: number;
  readonly octets: number;
}

interface Session {
  client: number;
  server: number;
  clientPort: number;
  serverPort: number;
  protocol: number;
  octetsOut: number;
  octetsIn: number;
  answered: boolean;
  startMs: number;
  endMs: number;
}

/** Writes at least `records` flow records as a pcap of IPFIX over UDP. */
export function writeExportCapture(path: string, records: number): TrafficSummary {
  const random = generator(20_261_203);
  const file = new CaptureWriter(path);
  const scanners = new Exporter(file, [10, 40, 0, 1], 1, BIFLOW);
  const billing = new Exporter(file, [10, 70, 0, 1], 2, UNIFLOW);
  const session = newSession();
  let written = 0;
  while (written < records) {
    session.startMs = FROM_MS + Math.floor((written / RECORDS_PER_SECOND) * 1000);
    session.endMs = session.startMs + random(LONGEST_SESSION_MS);
    session.clientPort = 32_768 + random(28_000);
    session.answered = true;
    if (random(3) < 2) {
      scannerSession(session, random);
      written += scanners.biflow(session);
    } else {
      billingSession(session, random);
      written += billing.uniflows(session);
    }
  }
  scanners.send();
  billing.send();
  return { records: written, datagrams: scanners.datagrams + billing.datagrams, octets: file.close() };
}

type Random = (below: number) => number;

function scannerSession(session: Session, random: Random): void {
  const asset = address(10, 40, 10, 1 + random(ASSETS_PER_FLEET));
  const kind = random(100);
  if (kind === 0) outside(session, asset, random);
  else if (kind < 40) exchange(session, asset, address(10, 40, 30, 10), 6, 445, 200_000 + random(2_000_000), 4000);
  else if (kind < 60) exchange(session, address(10, 40, 20, 1 + random(100)), asset, 6, 443, 900 + random(2000), 30_000 + random(90_000));
  else if (kind < 80) exchange(session, asset, address(10, 40, 1, 53), 17, 53, 60 + random(40), 120 + random(300));
  else exchange(session, asset, address(10, 40, 1, 123), 17, 123, 76, 76);
}

function billingSession(session: Session, random: Random): void {
  const asset = address(10, 70, 11, 1 + random(ASSETS_PER_FLEET));
  const kind = random(100);
  if (kind === 0) outside(session, asset, random);
  else if (kind < 5) exchange(session, asset, address(10, 70, 11, 1 + random(ASSETS_PER_FLEET)), 6, 5433, 5000 + random(50_000), 900);
  else if (kind < 50) exchange(session, address(10, 70, 10, 1 + random(60)), asset, 6, 5432, 500 + random(4000), 2000 + random(60_000));
  else if (kind < 70) exchange(session, address(10, 70, 20, 1 + random(20)), asset, 6, 5432, 20_000 + random(400_000), 2000);
  else if (kind < 85) exchange(session, asset, address(10, 70, 1, 53), 17, 53, 60 + random(40), 120 + random(300));
  else exchange(session, asset, address(10, 70, 1, 123), 17, 123, 76, 76);
}

function exchange(s: Session, client: number, server: number, protocol: number, port: number, octetsOut: number, octetsIn: number): void {
  s.client = client;
  s.server = server;
  s.protocol = protocol;
  s.serverPort = port;
  s.octetsOut = octetsOut;
  s.octetsIn = octetsIn;
}

function outside(session: Session, asset: number, random: Random): void {
  exchange(session, asset, address(203, 0, 113, 1 + random(OUTSIDE_PEERS)), 6, 443, 800 + random(4000), 3000 + random(9000));
  session.answered = random(3) > 0;
}

/** One exporter: a message fills, and leaves when the next record would not fit. */
class Exporter {
  datagrams = 0;
  private readonly file: CaptureWriter;
  private readonly source: readonly number[];
  private readonly domain: number;
  private readonly template: Buffer;
  private readonly recordOctets: number;
  private readonly message = Buffer.alloc(PAYLOAD_OCTETS);
  private at = 0;
  private setAt = 0;
  private inMessage = 0;
  private sequence = 0;
  private lastStartMs = 0;

  constructor(file: CaptureWriter, source: readonly number[], domain: number, fields: readonly Field[]) {
    this.file = file;
    this.source = source;
    this.domain = domain;
    this.template = templateSet(256 + domain, fields);
    this.recordOctets = fields.reduce((sum, [, octets]) => sum + octets, 0);
  }

  /** Both directions in one record; returns 1. */
  biflow(session: Session): number {
    this.forward(session);
    const { message, at } = this;
    const octets = session.answered ? session.octetsIn : 0;
    writeU64(message, at, octets);
    writeU64(message, at + 8, packets(octets));
    message[at + 16] = flags(session, session.answered);
    message[at + 17] = 1; // biflowDirection: forward is the initiator's (RFC 5103 §6.3)
    this.at += 18;
    return 1;
  }

  /** One record for each direction that carried packets; returns how many. */
  uniflows(session: Session): number {
    this.forward(session);
    if (!session.answered) return 1;
    const { client, server, clientPort, serverPort, octetsOut, octetsIn } = session;
    this.forward({
      ...session,
      client: server,
      server: client,
      clientPort: serverPort,
      serverPort: clientPort,
      octetsOut: octetsIn,
      octetsIn: octetsOut,
    });
    return 2;
  }

  private forward(session: Session): void {
    if (this.at + this.recordOctets > PAYLOAD_OCTETS) this.send();
    if (this.at === 0) this.begin();
    const { message } = this;
    let { at } = this;
    message.writeUInt32BE(session.client, at);
    message.writeUInt32BE(session.server, at + 4);
    message.writeUInt16BE(session.clientPort, at + 8);
    message.writeUInt16BE(session.serverPort, at + 10);
    message[at + 12] = session.protocol;
    message[at + 13] = flags(session, session.answered);
    at += 14;
    writeU64(message, at, session.octetsOut);
    writeU64(message, at + 8, packets(session.octetsOut));
    writeU64(message, at + 16, session.startMs);
    writeU64(message, at + 24, session.endMs);
    message.writeUInt32BE(1, at + 32);
    message.writeUInt32BE(2, at + 36);
    message[at + 40] = session.protocol === 6 ? 3 : 1;
    this.at = at + 41;
    this.inMessage += 1;
    this.lastStartMs = session.startMs;
  }

  private begin(): void {
    this.at = 16;
    if (this.datagrams % TEMPLATE_EVERY_DATAGRAMS === 0) this.at += this.template.copy(this.message, this.at);
    this.setAt = this.at;
    this.message.writeUInt16BE(256 + this.domain, this.at);
    this.at += 4;
  }

  send(): void {
    if (this.at === 0) return;
    const exportMs = this.lastStartMs + EXPORT_AFTER_MS;
    this.message.writeUInt16BE(this.at - this.setAt, this.setAt + 2);
    // RFC 7011 §3.1: version, length, export time, records sent before this message, domain
    this.message.writeUInt16BE(10, 0);
    this.message.writeUInt16BE(this.at, 2);
    this.message.writeUInt32BE(Math.floor(exportMs / 1000), 4);
    this.message.writeUInt32BE(this.sequence >>> 0, 8);
    this.message.writeUInt32BE(this.domain, 12);
    this.file.datagram(this.source, this.message.subarray(0, this.at), exportMs);
    this.sequence += this.inMessage;
    this.datagrams += 1;
    this.inMessage = 0;
    this.at = 0;
  }
}

/** RFC 7011 §3.4.1: set id 2, length; template id, field count; element (high bit: enterprise follows), octets. */
function templateSet(id: number, fields: readonly Field[]): Buffer {
  const words: number[] = [];
  for (const [element, octets, enterprise] of fields) {
    words.push(enterprise === undefined ? element : element | 0x8000, octets);
    if (enterprise !== undefined) words.push(enterprise >>> 16, enterprise & 0xffff);
  }
  const all = [2, (words.length + 4) * 2, id, fields.length, ...words];
  const bytes = Buffer.alloc(all.length * 2);
  all.forEach((word, index) => void bytes.writeUInt16BE(word, index * 2));
  return bytes;
}

/** Classic pcap with microseconds, Ethernet, IPv4, UDP. */
class CaptureWriter {
  private readonly file: number;
  private readonly buffer = Buffer.alloc(4 << 20);
  private at = 24;
  private written = 0;

  constructor(path: string) {
    this.file = openSync(path, 'w');
    this.buffer.writeUInt32LE(0xa1b2c3d4, 0);
    this.buffer.writeUInt16LE(2, 4);
    this.buffer.writeUInt16LE(4, 6);
    this.buffer.writeUInt32LE(65_535, 16);
    this.buffer.writeUInt32LE(1, 20);
  }

  datagram(source: readonly number[], payload: Uint8Array, timeMs: number): void {
    const length = 42 + payload.length;
    if (this.at + 16 + length > this.buffer.length) this.flush();
    const { buffer, at } = this;
    buffer.writeUInt32LE(Math.floor(timeMs / 1000), at);
    buffer.writeUInt32LE((timeMs % 1000) * 1000, at + 4);
    buffer.writeUInt32LE(length, at + 8);
    buffer.writeUInt32LE(length, at + 12);
    const ethernet = at + 16;
    buffer.fill(0, ethernet, ethernet + 42);
    buffer.writeUInt16BE(0x0800, ethernet + 12);
    const ip = ethernet + 14;
    buffer[ip] = 0x45;
    buffer.writeUInt16BE(28 + payload.length, ip + 2);
    buffer[ip + 8] = 64;
    buffer[ip + 9] = 17;
    buffer.set(source, ip + 12);
    buffer.set([10, 0, 0, 1], ip + 16);
    const udp = ip + 20;
    buffer.writeUInt16BE(EXPORT_PORT, udp);
    buffer.writeUInt16BE(EXPORT_PORT, udp + 2);
    buffer.writeUInt16BE(8 + payload.length, udp + 4);
    buffer.set(payload, udp + 8);
    this.at = ethernet + length;
  }

  /** Returns the octets of the file. */
  close(): number {
    this.flush();
    closeSync(this.file);
    return this.written;
  }

  private flush(): void {
    for (let from = 0; from < this.at; ) from += writeSync(this.file, this.buffer, from, this.at - from);
    this.written += this.at;
    this.at = 0;
  }
}

function newSession(): Session {
  return {
    client: 0,
    server: 0,
    clientPort: 0,
    serverPort: 0,
    protocol: 0,
    octetsOut: 0,
    octetsIn: 0,
    answered: true,
    startMs: 0,
    endMs: 0,
  };
}

function address(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function packets(octets: number): number {
  return octets === 0 ? 0 : 4 + Math.floor(octets / 1400);
}

/** SYN, ACK, PSH and FIN where there was an answer; a bare SYN where there was none. */
function flags({ protocol }: Session, answered: boolean): number {
  return protocol !== 6 ? 0 : answered ? 0x1b : 0x02;
}

function writeU64(into: Buffer, at: number, value: number): void {
  into.writeUInt32BE(Math.floor(value / 4_294_967_296), at);
  into.writeUInt32BE(value % 4_294_967_296, at + 4);
}

function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
