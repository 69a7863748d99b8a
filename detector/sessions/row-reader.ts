import type { FlowBatch } from '../../flow/batch.js';
import { AssetSide, Completion, type FLOW_COLUMNS } from '../../flow/columns.js';
import type { RowWindow } from '../../flow/row-window.js';
import { hashText } from '../baseline/hash.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { Began, Level, ObservedRecord } from '../detections/observed-record.js';
import { applicationsOf } from '../detections/protocols/applications-table.js';
import { namesResolver } from '../detections/protocols/known-resolvers.js';
import { sessionLevel } from './completion.js';
import type { ExchangeKinds } from './exchange-kinds.js';
import { InitiatorReader, TIED } from './initiator-reader.js';
import { hasPorts } from './orientation.js';
import { PeerClasses } from './peer-classes.js';
import { PeerReader } from './peer-reader.js';
import type { READ_COLUMNS, ReadColumns } from './read-columns.js';
import { Field } from './session-rows.js';
import type { SessionTable } from './session-table.js';

/** Completion numbers of the column table as levels. */
const LEVEL_OF_COMPLETION = new Uint8Array(4);
LEVEL_OF_COMPLETION[Completion.unknown] = Level.unknown;
LEVEL_OF_COMPLETION[Completion.attempt] = Level.attempt;
LEVEL_OF_COMPLETION[Completion.established] = Level.established;
LEVEL_OF_COMPLETION[Completion.transferred] = Level.transferred;

/**
 * Turns the rows of a batch, one at a time, into what detections see: asset on one side, peer on the other, the session's knowledge added.
 * Two steps, because a record may change who began its session: `read` takes the record into the session, `tell` then fills in what it said,
 * and `retell` what the session had said before it.
 */
export class RowReader {
  private readonly claims: CompiledClaims;
  private readonly assetByName = new Map<string, number>();
  private readonly classes = new PeerClasses();
  private readonly peers: PeerReader;
  private readonly initiators: InitiatorReader;
  private columns: ReadColumns;
  /** Rows of the batch by their places in the columns; undefined while those are the batch's. */
  private rows: Uint32Array | undefined;
  private assetOfCode = new Int32Array(0);
  private sensorOfCode = new Uint32Array(0);
  private applicationOfCode = new Int32Array(0);
  private resolverOfSourceCode = new Uint8Array(0);
  private resolverOfDestinationCode = new Uint8Array(0);
  private periodFromMs = Number.POSITIVE_INFINITY;
  private periodToMs = Number.NEGATIVE_INFINITY;

  // What `read` leaves for `tell` and `retell`.
  private sessions: SessionTable | undefined;
  private slot = 0;
  private began = 0;
  private flow = { octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0 };
  private firstBeforeMs = 0;
  private lastBeforeMs = 0;
  private place = 0;

  constructor(claims: CompiledClaims, empty: FlowBatch) {
    this.claims = claims;
    this.columns = empty.columns;
    this.peers = new PeerReader(claims.peers, this.classes, empty);
    this.initiators = new InitiatorReader(claims, empty);
    claims.assets.forEach((asset, index) => {
      this.assetByName.set(asset.name, index);
    });
  }

  /** Takes the batch whose rows are read next; its dictionaries are looked up once. */
  open(batch: FlowBatch): void {
    this.columns = batch.columns;
    this.rows = undefined;
    this.assetOfCode = Int32Array.from(batch.columns.asset.dictionary.names, (name) => this.assetByName.get(name) ?? -1);
    this.peers.open(batch);
    this.initiators.open(batch);
    this.sensorOfCode = Uint32Array.from(batch.columns.sensor.dictionary.names, (name) => (hashText(name) | 1) >>> 0);
    const { applicationName, sourceNames, destinationNames } = batch.columns;
    this.applicationOfCode = Int32Array.from(applicationName.dictionary.names, applicationsOf);
    this.resolverOfSourceCode = Uint8Array.from(sourceNames.dictionary.names, (names) => (namesResolver(names) ? 1 : 0));
    this.resolverOfDestinationCode = Uint8Array.from(destinationNames.dictionary.names, (names) => (namesResolver(names) ? 1 : 0));
  }

  /** What is called a row from now on is a place in this window, which shows rows of the batch that is open. */
  turnTo({ columns, rows }: RowWindow<typeof FLOW_COLUMNS, (typeof READ_COLUMNS)[number]>): void {
    this.columns = columns;
    this.rows = rows;
    this.peers.turnTo(columns);
    this.initiators.turnTo(columns);
  }

  /** Index into `claims.assets` of the asset that the row is filed under, or −1 when it concerns none that these claims name. */
  assetOf(row: number): number {
    const { asset, assetSide } = this.columns;
    return assetSide[row] === AssetSide.none ? -1 : this.assetOfCode[asset.codes[row]!]!;
  }

  /** What sessions' classes of peers mean goes into the engine's snapshot. */
  save(writer: StateWriter): void {
    this.classes.save(writer);
  }

  load(reader: StateReader): void {
    this.classes.load(reader);
    this.peers.forget();
  }

  /** Takes the row into its session. True when the session had been judged with another initiator, or knowing less of its peer: then `retell` before `tell`. */
  read(row: number, sessions: SessionTable, kinds: ExchangeKinds, into: ObservedRecord): boolean {
    const { columns } = this;
    const fromAsset = columns.assetSide[row] === AssetSide.source;
    const source = columns.sourceIPv6Address;
    const destination = columns.destinationIPv6Address;
    const asset = fromAsset ? source : destination;
    const peer = fromAsset ? destination : source;
    const protocol = columns.protocolIdentifier[row]!;
    const startMs = columns.flowStartMilliseconds[row]!;
    const endMs = Math.max(startMs, columns.flowEndMilliseconds[row]!);
    const withPorts = hasPorts(protocol);
    const sourcePort = withPorts ? columns.sourceTransportPort[row]! : 0;
    const destinationPort = withPorts ? columns.destinationTransportPort[row]! : 0;
    into.assetPort = fromAsset ? sourcePort : destinationPort;
    into.peerPort = fromAsset ? destinationPort : sourcePort;
    into.protocol = protocol;
    into.assetBytes = asset.bytes;
    into.peerBytes = peer.bytes;
    into.assetOffset = row * 16;
    into.peerOffset = row * 16;
    into.peerAsn = fromAsset ? columns.bgpDestinationAsNumber[row]! : columns.bgpSourceAsNumber[row]!;
    into.startMs = startMs;
    into.endMs = endMs;
    into.assetWords = asset.words;
    into.assetWordsOffset = row * 4;
    into.peerWords = peer.words;
    into.peerWordsOffset = row * 4;
    into.sampling = Math.max(1, columns.samplingInterval[row]!);
    into.sensor = this.sensorOfCode[columns.sensor.codes[row]!]!;
    into.assetMac = fromAsset ? columns.sourceMacAddress[row]! : columns.destinationMacAddress[row]!;
    into.application = this.applicationOfCode[columns.applicationName.codes[row]!]!;
    into.peerIsNamedResolver =
      (fromAsset
        ? this.resolverOfDestinationCode[columns.destinationNames.codes[row]!]
        : this.resolverOfSourceCode[columns.sourceNames.codes[row]!]) === 1;
    this.place = row;
    into.row = this.rowAt(row);
    into.retold = false;
    this.setPeriod(startMs, into);

    const flags = columns.tcpControlBits[row]! | columns.reverseTcpControlBits[row]!;
    const ports = ((into.assetPort << 16) | into.peerPort) >>> 0;
    const slot = sessions.find(asset.words, row * 4, peer.words, row * 4, ports, protocol, startMs, endMs, flags);
    this.sessions = sessions;
    this.slot = slot;
    const at = slot * sessions.stride;
    const numbers = sessions.numbers;
    const known = numbers[at + Field.records]!;
    this.firstBeforeMs = numbers[at + Field.first]!;
    this.lastBeforeMs = numbers[at + Field.last]!;

    this.addCounts(row, sessions, slot, fromAsset, into);
    const began = this.initiators.read(row, sessions, slot, fromAsset, known, this.firstBeforeMs, into);
    this.began = began;
    const learned = this.peers.tells && this.learnPeer(row, sessions, slot, !fromAsset, into);
    kinds.find(into, began === TIED ? Began.unknown : began);
    const changed = known > 0 && (learned || sessions.judged(slot) !== began);
    if (known === 0 || changed) sessions.markJudged(slot, began);
    return changed;
  }

  /** Names hold for the whole session in which one of its records had them, so that cutting it changes nothing. True when more is known than before. */
  private learnPeer(row: number, sessions: SessionTable, slot: number, peerIsSource: boolean, into: ObservedRecord): boolean {
    const before = sessions.peerClass(slot);
    const peerClass = this.classes.union(before, this.peers.classOf(row, peerIsSource));
    into.peerClass = peerClass;
    into.peerFacts = this.classes.factsOf(peerClass);
    if (peerClass === before) return false;
    sessions.setPeerClass(slot, peerClass);
    return true;
  }

  /** A row of which only asset, peer, ports and times are told: another version of the claims judges it. */
  pass(row: number, into: ObservedRecord): void {
    const { columns } = this;
    const fromAsset = columns.assetSide[row] === AssetSide.source;
    const withPorts = hasPorts(columns.protocolIdentifier[row]!);
    const [sourcePort, destinationPort] = [columns.sourceTransportPort[row]!, columns.destinationTransportPort[row]!];
    const period = this.claims.periodOf(columns.flowStartMilliseconds[row]!);
    Object.assign(into, new ObservedRecord(), {
      asset: into.asset,
      fleet: into.fleet,
      assetBytes: (fromAsset ? columns.sourceIPv6Address : columns.destinationIPv6Address).bytes,
      peerBytes: (fromAsset ? columns.destinationIPv6Address : columns.sourceIPv6Address).bytes,
      assetOffset: row * 16,
      peerOffset: row * 16,
      protocol: columns.protocolIdentifier[row]!,
      assetPort: withPorts ? (fromAsset ? sourcePort : destinationPort) : 0,
      peerPort: withPorts ? (fromAsset ? destinationPort : sourcePort) : 0,
      startMs: columns.flowStartMilliseconds[row]!,
      endMs: Math.max(columns.flowStartMilliseconds[row]!, columns.flowEndMilliseconds[row]!),
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      records: 0,
      row: this.rowAt(row),
    });
  }

  /** Row of the batch. */
  private rowAt(place: number): number {
    return this.rows === undefined ? place : this.rows[place]!;
  }

  /** Fills in what this record said. */
  tell(into: ObservedRecord): void {
    if (into.retold) this.unsay(into);
    const sessions = this.sessions!;
    const at = this.slot * sessions.stride;
    this.fill(into);
    into.octetsOut = this.flow.octetsOut;
    into.octetsIn = this.flow.octetsIn;
    into.packetsOut = this.flow.packetsOut;
    into.packetsIn = this.flow.packetsIn;
    into.records = 1;
    into.sessionStarts = sessions.numbers[at + Field.records] === 1;
    into.pauseMs = into.sessionStarts ? 0 : Math.max(0, into.startMs - this.lastBeforeMs);
  }

  /** Fills in what all earlier records of the session said, in one, filed under the period of the record at hand. */
  retell(into: ObservedRecord): void {
    this.fill(into);
    const { numbers, stride } = this.sessions!;
    const at = this.slot * stride;
    into.startMs = this.firstBeforeMs;
    into.endMs = this.lastBeforeMs;
    into.octetsOut = numbers[at + Field.octetsOut]! - this.flow.octetsOut;
    into.octetsIn = numbers[at + Field.octetsIn]! - this.flow.octetsIn;
    into.packetsOut = numbers[at + Field.packetsOut]! - this.flow.packetsOut;
    into.packetsIn = numbers[at + Field.packetsIn]! - this.flow.packetsIn;
    into.retold = true;
    into.records = numbers[at + Field.records]! - 1;
    into.sessionStarts = true;
    into.pauseMs = 0;
    into.row = -1;
  }

  /** Takes back what `retell` has put in the place of the record's own. */
  private unsay(into: ObservedRecord): void {
    const { place } = this;
    into.row = this.rowAt(place);
    into.startMs = this.columns.flowStartMilliseconds[place]!;
    into.endMs = Math.max(into.startMs, this.columns.flowEndMilliseconds[place]!);
    into.retold = false;
  }

  private setPeriod(startMs: number, into: ObservedRecord): void {
    if (startMs < this.periodFromMs || startMs >= this.periodToMs) {
      const period = this.claims.periodOf(startMs);
      this.periodFromMs = period.fromMs;
      this.periodToMs = period.toMs;
    }
    into.periodFromMs = this.periodFromMs;
    into.periodToMs = this.periodToMs;
  }

  /** What the session says, the same of this record as of those before it. */
  private fill(into: ObservedRecord): void {
    const sessions = this.sessions!;
    const numbers = sessions.numbers;
    const slot = this.slot;
    const at = slot * sessions.stride;
    into.sessionStartMs = numbers[at + Field.first]!;
    into.session = numbers[at + Field.serial]!;
    into.sessionOctetsOut = numbers[at + Field.octetsOut]!;
    into.sessionOctetsIn = numbers[at + Field.octetsIn]!;
    into.sessionPacketsOut = numbers[at + Field.packetsOut]!;
    into.sessionPacketsIn = numbers[at + Field.packetsIn]!;
    into.sessionRecords = numbers[at + Field.records]!;
    into.initiator = this.began === TIED ? Began.unknown : this.began;
    into.isTied = this.began === TIED;
    into.initiatorSeen = sessions.seen(slot) !== Began.unknown;
    into.traits = -1;
    into.breaksClaim = false;
    into.admitted = false;
    into.agreed = false;
    const counts = this.counts;
    counts.protocol = into.protocol;
    counts.flagsOut = sessions.flagsOut(slot);
    counts.flagsIn = sessions.flagsIn(slot);
    counts.packetsOut = numbers[at + Field.packetsOut]!;
    counts.packetsIn = numbers[at + Field.packetsIn]!;
    counts.estimateOut = sessions.estimateOut(slot);
    counts.estimateIn = sessions.estimateIn(slot);
    counts.biflow = sessions.biflow(slot);
    counts.told = sessions.told(slot);
    into.level = sessionLevel(counts, into.initiator);
    into.unanswered = counts.biflow && (into.initiator === Began.peer ? counts.packetsOut : counts.packetsIn) === 0;
  }
  private readonly counts = {
    protocol: 0,
    flagsOut: 0,
    flagsIn: 0,
    packetsOut: 0,
    packetsIn: 0,
    estimateOut: 0,
    estimateIn: 0,
    biflow: false,
    told: 0,
  };

  private addCounts(row: number, sessions: SessionTable, slot: number, fromAsset: boolean, into: ObservedRecord): void {
    const { columns } = this;
    const { startMs, endMs, sensor, sampling } = into;
    const flow = this.flow;
    const forwardOctets = columns.octetDeltaCount[row]!;
    const forwardPackets = columns.packetDeltaCount[row]!;
    const reverseOctets = columns.reverseOctetDeltaCount[row]!;
    const reversePackets = columns.reversePacketDeltaCount[row]!;
    flow.octetsOut = fromAsset ? forwardOctets : reverseOctets;
    flow.octetsIn = fromAsset ? reverseOctets : forwardOctets;
    flow.packetsOut = fromAsset ? forwardPackets : reversePackets;
    flow.packetsIn = fromAsset ? reversePackets : forwardPackets;
    if ((flow.packetsOut > 0 || flow.octetsOut > 0) && !sessions.counts(slot, true, sensor, startMs, endMs)) {
      flow.octetsOut = 0;
      flow.packetsOut = 0;
    }
    if ((flow.packetsIn > 0 || flow.octetsIn > 0) && !sessions.counts(slot, false, sensor, startMs, endMs)) {
      flow.octetsIn = 0;
      flow.packetsIn = 0;
    }
    const numbers = sessions.numbers;
    const at = slot * sessions.stride;
    if (startMs < numbers[at + Field.first]!) numbers[at + Field.first] = startMs;
    if (endMs > numbers[at + Field.last]!) numbers[at + Field.last] = endMs;
    numbers[at + Field.octetsOut]! += flow.octetsOut;
    numbers[at + Field.octetsIn]! += flow.octetsIn;
    numbers[at + Field.packetsOut]! += flow.packetsOut;
    numbers[at + Field.packetsIn]! += flow.packetsIn;
    numbers[at + Field.records]! += 1;
    const forward = columns.tcpControlBits[row]!;
    const reverse = columns.reverseTcpControlBits[row]!;
    sessions.addEstimates(slot, flow.octetsOut * sampling, flow.octetsIn * sampling);
    sessions.addFlags(slot, fromAsset ? forward : reverse, fromAsset ? reverse : forward);
    sessions.markTold(slot, LEVEL_OF_COMPLETION[columns.completion[row]!]!, columns.biflow[row] === 1);
  }
}
