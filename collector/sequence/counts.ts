import type { ColumnBatch } from '../../flow/batch.js';
import { type COVERAGE_COLUMNS, Ipv6Fields } from '../../flow/coverage.js';

/** Whom a row of the ledger is about. */
export interface Account {
  readonly sensor: string;
  /** 16 bytes; all zero for captures and sockets. */
  readonly exporter: Uint8Array;
  readonly observationDomainId: number;
  readonly protocol: string;
}

/** The counters of one account and minute, named as in COVERAGE_COLUMNS. */
export interface MinuteCounts {
  readonly minute: number;
  firstMessageMilliseconds: number;
  lastMessageMilliseconds: number;
  observedMilliseconds: number;
  messagesSent: number;
  messagesReceived: number;
  messagesLost: number;
  messagesDuplicate: number;
  messagesMalformed: number;
  messagesRefused: number;
  recordsSent: number;
  recordsReceived: number;
  recordsLost: number;
  lossEstimated: number;
  recordsDecoded: number;
  recordsUndecodable: number;
  recordsMalformed: number;
  recordsDuplicate: number;
  recordsRefused: number;
  recordsProduced: number;
  recordsUnwatched: number;
  optionsRecords: number;
  templatesReceived: number;
  templatesMissing: number;
  templatesChanged: number;
  restarts: number;
  kernelDrops: number;
  samplingInterval: number;
  clockOffsetMilliseconds: number;
  recordsHeld: number;
  recordsReleased: number;
  recordsNotExported: number;
  packetsMissed: number;
  packetsSelected: number;
  packetsPool: number;
  interfaceOctets: number;
  estimatedOctets: number;
  messagesOverrun: number;
  messagesQuarantined: number;
  silentMilliseconds: number;
  ipv6Fields: number;
}

/** Columns that add up over rows, as against first, last, largest and smallest. */
const SUMS = [
  'observedMilliseconds',
  'messagesSent',
  'messagesReceived',
  'messagesLost',
  'messagesDuplicate',
  'messagesMalformed',
  'messagesRefused',
  'recordsSent',
  'recordsReceived',
  'recordsLost',
  'recordsDecoded',
  'recordsUndecodable',
  'recordsMalformed',
  'recordsDuplicate',
  'recordsRefused',
  'recordsProduced',
  'recordsUnwatched',
  'optionsRecords',
  'templatesReceived',
  'templatesMissing',
  'templatesChanged',
  'restarts',
  'kernelDrops',
  'recordsHeld',
  'recordsReleased',
  'recordsNotExported',
  'packetsMissed',
  'packetsSelected',
  'packetsPool',
  'interfaceOctets',
  'estimatedOctets',
  'messagesOverrun',
  'messagesQuarantined',
  'silentMilliseconds',
] as const satisfies readonly (keyof MinuteCounts)[];

export function emptyCounts(minute: number): MinuteCounts {
  return {
    minute,
    firstMessageMilliseconds: Number.POSITIVE_INFINITY,
    lastMessageMilliseconds: Number.NEGATIVE_INFINITY,
    observedMilliseconds: 0,
    messagesSent: 0,
    messagesReceived: 0,
    messagesLost: 0,
    messagesDuplicate: 0,
    messagesMalformed: 0,
    messagesRefused: 0,
    recordsSent: 0,
    recordsReceived: 0,
    recordsLost: 0,
    lossEstimated: 0,
    recordsDecoded: 0,
    recordsUndecodable: 0,
    recordsMalformed: 0,
    recordsDuplicate: 0,
    recordsRefused: 0,
    recordsProduced: 0,
    recordsUnwatched: 0,
    optionsRecords: 0,
    templatesReceived: 0,
    templatesMissing: 0,
    templatesChanged: 0,
    restarts: 0,
    kernelDrops: 0,
    samplingInterval: 0,
    clockOffsetMilliseconds: Number.NaN,
    recordsHeld: 0,
    recordsReleased: 0,
    recordsNotExported: 0,
    packetsMissed: 0,
    packetsSelected: 0,
    packetsPool: 0,
    interfaceOctets: 0,
    estimatedOctets: 0,
    messagesOverrun: 0,
    messagesQuarantined: 0,
    silentMilliseconds: 0,
    ipv6Fields: Ipv6Fields.unknown,
  };
}

/** Notes a message or packet of that time. */
export function sawMessage(counts: MinuteCounts, ms: number): void {
  if (ms < counts.firstMessageMilliseconds) counts.firstMessageMilliseconds = ms;
  if (ms > counts.lastMessageMilliseconds) counts.lastMessageMilliseconds = ms;
}

/** Keeps the smallest offset: the one with the least delay in it. NaN says nothing. */
export function sawOffset(counts: MinuteCounts, offsetMs: number): void {
  if (Number.isNaN(offsetMs)) return;
  if (Number.isNaN(counts.clockOffsetMilliseconds) || offsetMs < counts.clockOffsetMilliseconds) counts.clockOffsetMilliseconds = offsetMs;
}

/** Writes one row. A row without messages (late counts of a minute already told) has the minute itself as first and last. */
export function writeCounts(into: ColumnBatch<typeof COVERAGE_COLUMNS>, account: Account, counts: MinuteCounts): void {
  const row = into.add();
  const columns = into.columns;
  for (const name of SUMS) columns[name][row] = counts[name];
  const silent = counts.lastMessageMilliseconds < counts.firstMessageMilliseconds;
  columns.minute[row] = counts.minute;
  columns.sensor.codes[row] = columns.sensor.dictionary.intern(account.sensor);
  columns.exporterIPv6Address.bytes.set(account.exporter, row * 16);
  columns.observationDomainId[row] = account.observationDomainId;
  columns.exportProtocol.codes[row] = columns.exportProtocol.dictionary.intern(account.protocol);
  columns.firstMessageMilliseconds[row] = silent ? counts.minute : counts.firstMessageMilliseconds;
  columns.lastMessageMilliseconds[row] = silent ? counts.minute : counts.lastMessageMilliseconds;
  columns.lossEstimated[row] = counts.lossEstimated;
  columns.ipv6Fields[row] = counts.ipv6Fields;
  columns.samplingInterval[row] = counts.samplingInterval;
  columns.clockOffsetMilliseconds[row] = counts.clockOffsetMilliseconds;
}
