import { ColumnBatch, FlowBatch } from '../flow/batch.js';
import { COVERAGE_COLUMNS } from '../flow/coverage.js';
import { FrameEncoder } from '../flow/frame.js';
import { MINUTE_MS, minuteOf } from '../flow/time.js';
import type { FaultCode, Faults, LineBlock, LineDecoder, Origin } from './contracts.js';
import { createExportDecoder } from './decoders/decoders-table.js';
import type { RecordListener } from './decoders/message-context.js';
import { createMessageReport } from './decoders/report.js';
import type { Meter } from './metering/meter.js';
import { createNameTable, type NameTable } from './names/name-table.js';
import { createFlowOutput, type FlowOutput, type FlowOutputOptions, type RoutingOutput } from './outputs/flow-output.js';
import type { FrameSink } from './outputs/frame-sink.js';
import type { PacketBatch } from './packets/packet-batch.js';
import type { Quarantine } from './quarantine/quarantine.js';
import type { CaptureLedger } from './sequence/capture-stretch.js';
import { createLedger, type Ledger, type RowSource } from './sequence/ledger.js';
import type { LogLedger } from './sequence/log-ledger.js';
import { DUPLICATE } from './sequence/stream.js';
import type { TemplateStore } from './templates/store.js';

/** Decoded rows that are gathered before they are routed. */
export const ROWS_PER_WRITE = 4096;
/**
 * Rows that may wait while the bus is full. Beyond it a datagram is dropped unread: UDP cannot be asked to wait, and the exporter's sequence numbers
 * will show the gap in the ledger.
 */
export const MAX_WAITING_ROWS = 262_144;
/** The ledger is sent on in steps of this much of the exporters' time; each step leaves the last minutes open for late messages. */
const LEDGER_STEP_MS = 10 * MINUTE_MS;
const LEDGER_KEEP_MS = 2 * MINUTE_MS;

/** Where a collector's rows and ledger go: the bus, or the screen of somebody who decodes a file. */
export interface CollectorOutput {
  readonly flows: FlowOutput;
  /** Takes the ledger's rows; the batch is cleared afterwards. */
  coverage(batch: ColumnBatch<typeof COVERAGE_COLUMNS>): Promise<void>;
}

/** Frames on the topics `flows` and `coverage`. */
export function createBusOutput(options: {
  readonly bus: FrameSink;
  readonly watchList: FlowOutputOptions['watchList'];
  readonly keepUnwatched?: boolean;
}): CollectorOutput & { readonly flows: RoutingOutput } {
  const encoder = new FrameEncoder(COVERAGE_COLUMNS);
  return {
    flows: createFlowOutput(options),
    async coverage(batch) {
      for (const frame of encoder.encode(batch)) await options.bus.publish('coverage', 0, frame);
    },
  };
}

/** What a collector has done; all grow only. */
export interface CollectorCounters {
  datagrams: number;
  packets: number;
  /** Lines of logs, headers and unreadable ones too. */
  lines: number;
  records: number;
  produced: number;
  unwatched: number;
  duplicates: number;
  /** Datagrams dropped because the bus was full. */
  overrun: number;
  readonly faults: Map<FaultCode, number>;
}

/**
 * Turns payloads and packets into frames on the bus and keeps the ledger of what was sent, lost and handed on. All sources of a process share one
 * collector, so that rows of many small exporters fill frames together.
 */
export interface Collector {
  readonly counters: Readonly<CollectorCounters>;
  readonly ledger: Ledger;
  /** What clients were told by DNS: whoever reads answers tells it; rows get their names from it when they are routed. */
  readonly names: NameTable;
  /** Counts what inputs find wrong. */
  readonly faults: Faults;
  /** One export datagram. A promise means "wait if you can": files do, UDP cannot. */
  datagram(payload: Uint8Array, origin: Origin): void | Promise<void>;
  /** The connection of `origin` has ended: its templates are void, what it lost is lost. */
  endSession(origin: Origin): void;
  /** Packets of a capture, metered by a meter of the caller's; the meter's sensor names the ledger's account. */
  packets(batch: PacketBatch, meter: Meter, capture: CaptureLedger): void | Promise<void>;
  /** Lines of a log, read by a decoder of the caller's. */
  lines(block: LineBlock, decoder: LineDecoder, log: LogLedger): void | Promise<void>;
  /** Ends all flows of a meter: the end of its capture. */
  endCapture(meter: Meter): Promise<void>;
  /** Routes what was decoded, into frames that go on filling: what the end of one of several files needs. */
  flushDecoded(): Promise<void>;
  /** Routes what was decoded and publishes frames that are not full. Live traffic calls it by a timer; a replay only at its end. */
  flush(): Promise<void>;
  /** Publishes the ledger's minutes before `untilMs`; Infinity at the end of all input. */
  flushLedger(untilMs: number): Promise<void>;
}

/** A batch on its way: rows that the ledger has counted as messages, and rows that were metered here or read from logs. */
interface Filling {
  batch: FlowBatch;
  readonly source: RowSource;
}

export interface CollectorSettings {
  /** Where templates are kept; made when absent. Persistence and those who look in share it. */
  readonly templates?: TemplateStore;
  /** One sequence per source port, see LedgerOptions; the template store has its own setting. */
  readonly keyByPort?: boolean;
  /** Keeps what arrives live and cannot be read. */
  readonly quarantine?: Pick<Quarantine, 'keep'>;
  /** Sees every record of NetFlow and IPFIX with all its elements. */
  readonly listener?: RecordListener;
}

/** Takes rows out of a batch: a repeated message's, though not those it released from others, which follow them. */
function removeRows(batch: FlowBatch, first: number, count: number): void {
  const behind = batch.length - first - count;
  if (behind === 0) return batch.truncate(first);
  const kept = new FlowBatch(behind);
  const rows = Uint32Array.from({ length: behind }, (_, index) => first + count + index);
  kept.appendFrom(batch, rows, behind);
  batch.truncate(first);
  batch.appendFrom(
    kept,
    rows.map((_, index) => index),
    behind,
  );
}

export function createCollector(output: CollectorOutput, settings: CollectorSettings = {}): Collector {
  const counters: CollectorCounters = {
    datagrams: 0,
    packets: 0,
    lines: 0,
    records: 0,
    produced: 0,
    unwatched: 0,
    duplicates: 0,
    overrun: 0,
    faults: new Map(),
  };
  const faults: Faults = { add: (code, count = 1) => void counters.faults.set(code, (counters.faults.get(code) ?? 0) + count) };
  const { templates, keyByPort = false, quarantine, listener } = settings;
  const decoder = createExportDecoder({
    keyByPort,
    ...(templates === undefined ? {} : { templates }),
    ...(listener === undefined ? {} : { listener }),
  });
  const report = createMessageReport();
  const ledger = createLedger({ keyByPort });
  const names = createNameTable();
  const coverage = new ColumnBatch(COVERAGE_COLUMNS);
  const exported: Filling = { batch: new FlowBatch(ROWS_PER_WRITE * 2), source: 'exported' };
  const metered: Filling = { batch: new FlowBatch(ROWS_PER_WRITE * 2), source: 'metered' };
  let spare = new FlowBatch(ROWS_PER_WRITE * 2);
  let unwatched = new Uint8Array(ROWS_PER_WRITE * 2);
  let working: Promise<void> | undefined;
  let ledgerSentTo = Number.NaN;

  /** Hands the rows on. The caller may go on filling: the batch was exchanged for the spare one. */
  const write = async (filling: Filling): Promise<void> => {
    const batch = filling.batch;
    if (batch.length === 0) return;
    filling.batch = spare;
    names.annotate(batch, 0, batch.length);
    if (unwatched.length < batch.length) unwatched = new Uint8Array(batch.capacity);
    const counts = await output.flows.write(batch, unwatched).catch((error: unknown) => {
      // A bus that fails has failed for good, and the process ends. Until then the spare must not be the batch that is being filled.
      spare = new FlowBatch(ROWS_PER_WRITE * 2);
      throw error;
    });
    ledger.rows(batch, 0, batch.length, filling.source, unwatched);
    counters.records += batch.length;
    counters.produced += counts.produced;
    counters.unwatched += counts.unwatched;
    batch.clear();
    spare = batch;
  };

  /** One write at a time; whoever comes meanwhile waits for the one under way. */
  const work = (step: () => Promise<void>): Promise<void> => {
    const turn = (working ?? Promise.resolve()).then(step);
    const settled = turn.finally(() => {
      if (working === settled) working = undefined;
    });
    working = settled;
    return settled;
  };

  const writeSoon = (filling: Filling): void | Promise<void> => {
    if (filling.batch.length < ROWS_PER_WRITE) return undefined;
    return working ?? work(() => write(filling));
  };

  const publishLedger = async (untilMs: number): Promise<void> => {
    while (ledger.drain(untilMs, coverage) > 0) {
      await output.coverage(coverage);
      coverage.clear();
    }
  };

  /** True when the exporters' time has gone a step further, which then is sent on. Driven by the data, so that a replay sends the same rows. */
  const stepLedger = (nowMs: number): boolean => {
    if (Number.isNaN(ledgerSentTo)) ledgerSentTo = minuteOf(nowMs);
    if (nowMs - LEDGER_KEEP_MS < ledgerSentTo + LEDGER_STEP_MS) return false;
    ledgerSentTo = minuteOf(nowMs - LEDGER_KEEP_MS);
    return true;
  };

  const sendLedger = (): Promise<void> => {
    const until = ledgerSentTo;
    return work(async () => {
      await write(exported);
      await write(metered);
      await publishLedger(until);
    });
  };

  return {
    counters,
    ledger,
    names,
    faults,

    datagram(payload, origin) {
      const { batch } = exported;
      if (batch.length >= MAX_WAITING_ROWS) {
        counters.overrun++;
        ledger.overrun(origin);
        return working;
      }
      counters.datagrams++;
      const first = batch.length;
      const rows = decoder.decode(payload, origin, batch, report, faults);
      const state = ledger.message(report, origin, batch, first);
      const own = rows - report.recordsReleased;
      if (state === DUPLICATE) {
        counters.duplicates++;
        removeRows(batch, first, own);
        return undefined;
      }
      batch.columns.sequenceState.fill(state, first, first + own);
      const isUnread = report.protocol === '' || report.malformed;
      if (isUnread && origin.transport !== 'file' && quarantine?.keep(payload, origin) === true) ledger.quarantined(report, origin);
      // Only clocks that agree with the arrival move the ledger on: a forged export time must not close the minutes of others.
      const clock = Number.isNaN(origin.receivedMs) ? report.exportTimeMs : origin.receivedMs;
      if (stepLedger(clock)) return sendLedger();
      return writeSoon(exported);
    },

    endSession(origin) {
      decoder.endSession?.(origin);
      ledger.endSession(origin);
    },

    packets(packets, meter, capture) {
      counters.packets += packets.length;
      for (let index = 0; index < packets.length; index++) {
        const time = packets.times[index]!;
        if (!Number.isNaN(time)) capture.packet(time);
      }
      meter.packets(packets, metered.batch, faults);
      const last = meter.counters.lastPacketMs;
      if (!Number.isNaN(last) && stepLedger(last)) return sendLedger();
      return writeSoon(metered);
    },

    lines(block, decoder, log) {
      const before = log.lines;
      decoder.decode(block, metered.batch, log, faults);
      counters.lines += log.lines - before;
      if (!Number.isNaN(log.lastMs) && stepLedger(log.lastMs)) return sendLedger();
      return writeSoon(metered);
    },

    async endCapture(meter) {
      while (!meter.flush(metered.batch, ROWS_PER_WRITE)) await work(() => write(metered));
      await work(() => write(metered));
    },

    flushDecoded: () =>
      work(async () => {
        await write(exported);
        await write(metered);
      }),

    flush: () =>
      work(async () => {
        await write(exported);
        await write(metered);
        await output.flows.flush();
      }),

    flushLedger: (untilMs) =>
      work(async () => {
        await publishLedger(untilMs);
        // Whatever is read next may lie at another time altogether.
        if (untilMs === Number.POSITIVE_INFINITY) ledgerSentTo = Number.NaN;
      }),
  };
}
