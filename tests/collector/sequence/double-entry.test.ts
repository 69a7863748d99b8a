import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createLedger } from '../../../collector/sequence/ledger.js';
import { DUPLICATE } from '../../../collector/sequence/stream.js';
import { ColumnBatch, FlowBatch } from '../../../flow/batch.js';
import { COVERAGE_COLUMNS, type CoverageColumnName } from '../../../flow/coverage.js';
import { minuteOf } from '../../../flow/time.js';
import { testOrigin } from '../decoders/decode-all.js';
import { FaultCounts } from '../inputs/fault-counts.js';
import {
  forgedMessage,
  type ModelStream,
  type SentMessage,
  SPEECHES,
  type Speech,
  START_MS,
  STEP_MS,
  sendStream,
} from './model-exporter.js';

interface Fate {
  readonly drop: boolean;
  readonly twice: boolean;
  /** Places that the message comes too late by. */
  readonly later: number;
  /** Octets that are left of it; beyond its length for all. */
  readonly cut: number;
  /** Octet that is changed, where the message carries templates; beyond its length for none. */
  readonly corrupt: number;
  /** Number of a forged message behind it; undefined for none. */
  readonly forged: number | undefined;
}

const WHOLE: Fate = { drop: false, twice: false, later: 0, cut: 65_536, corrupt: 65_536, forged: undefined };

interface Arrival {
  readonly payload: Uint8Array;
  readonly atMs: number;
  readonly place: number;
}

/** The stream as it arrives after all that happened to it. */
function damage(speech: Speech, sent: readonly SentMessage[], fates: readonly Fate[]): Arrival[] {
  const arrivals = sent.flatMap(({ payload, sentMs, carriesTemplate, index }) => {
    const fate = fates[index] ?? WHOLE;
    const out: Arrival[] = [];
    const at = index + fate.later;
    const bytes = payload.slice(0, fate.cut);
    if (carriesTemplate && fate.corrupt < bytes.length) bytes[fate.corrupt]! ^= 0x15;
    if (!fate.drop) out.push({ payload: bytes, atMs: sentMs, place: at });
    if (!fate.drop && fate.twice) out.push({ payload: bytes, atMs: sentMs, place: at + 2 });
    if (fate.forged !== undefined) out.push({ payload: forgedMessage(speech, fate.forged, sentMs), atMs: sentMs, place: index + 0.5 });
    return out;
  });
  return arrivals.sort((a, b) => a.place - b.place);
}

type Sums = Record<string, number>;

/** Runs arrivals as a collector does, sending the ledger on from time to time; returns rows, and the ledger's sums by account and minute. */
function collect(arrivals: readonly Arrival[], drainEvery: number) {
  const decoder = createExportDecoder();
  const ledger = createLedger();
  const batch = new FlowBatch();
  const report = createMessageReport();
  const faults = new FaultCounts();
  const origin = testOrigin();
  const minutes = new Map<string, Sums>();
  let kept = 0;
  const drain = (untilMs: number): void => {
    const into = new ColumnBatch(COVERAGE_COLUMNS);
    ledger.rows(batch, kept, batch.length, 'exported');
    kept = batch.length;
    while (ledger.drain(untilMs, into) > 0) {
      addRows(into, minutes);
      into.clear();
    }
  };
  arrivals.forEach(({ payload, atMs }, n) => {
    origin.receivedMs = atMs + 40;
    const first = batch.length;
    const rows = decoder.decode(payload, origin, batch, report, faults);
    const own = rows - report.recordsReleased;
    if (ledger.message(report, origin, batch, first) === DUPLICATE) {
      // The collector takes the message's own rows out; here they come last, so that the others can stay where they are.
      const released = new FlowBatch(64);
      released.appendFrom(
        batch,
        Uint32Array.from({ length: rows - own }, (_, i) => first + own + i),
        rows - own,
      );
      batch.truncate(first);
      batch.appendFrom(
        released,
        Uint32Array.from({ length: rows - own }, (_, i) => i),
        rows - own,
      );
    }
    if (n % drainEvery === drainEvery - 1) drain(minuteOf(atMs) - 60_000);
  });
  const status = ledger.exporters();
  drain(Number.POSITIVE_INFINITY);
  const total: Sums = {};
  for (const sums of minutes.values()) for (const [name, value] of Object.entries(sums)) total[name] = (total[name] ?? 0) + value;
  const sum = (name: CoverageColumnName): number => total[name] ?? 0;
  return { batch, minutes, sum, faults, status };
}

function addRows(into: ColumnBatch<typeof COVERAGE_COLUMNS>, minutes: Map<string, Sums>): void {
  const { columns: c } = into;
  for (let row = 0; row < into.length; row++) {
    const account = `${c.sensor.dictionary.name(c.sensor.codes[row]!)}/${c.exportProtocol.dictionary.name(c.exportProtocol.codes[row]!)}`;
    const key = `${account}/${c.observationDomainId[row]}/${c.minute[row]}`;
    const sums = minutes.get(key) ?? {};
    minutes.set(key, sums);
    for (const name of into.names) {
      const column = c[name];
      if (ArrayBuffer.isView(column)) sums[name] = (sums[name] ?? 0) + (column as Float64Array)[row]!;
    }
  }
}

/** The equations at the head of flow/coverage.ts, for each account and minute. */
function expectBalance(minutes: ReadonlyMap<string, Sums>): void {
  for (const [minute, sums] of minutes) {
    const of = (...names: CoverageColumnName[]) => names.reduce((all, name) => all + sums[name]!, 0);
    for (const [name, value] of Object.entries(sums)) {
      if (name !== 'clockOffsetMilliseconds') expect(value, `${name} of ${minute}`).toBeGreaterThanOrEqual(0);
    }
    expect(of('recordsSent'), `records sent in ${minute}`).toBe(of('recordsReceived', 'recordsLost'));
    expect(of('messagesSent'), `messages sent in ${minute}`).toBe(of('messagesReceived', 'messagesLost'));
    expect(of('recordsReceived', 'recordsReleased'), `records received in ${minute}`).toBe(
      of('recordsDecoded', 'recordsUndecodable', 'recordsMalformed', 'recordsDuplicate', 'recordsRefused', 'recordsHeld'),
    );
    expect(of('recordsDecoded'), `records decoded in ${minute}`).toBe(of('recordsProduced', 'recordsUnwatched'));
    expect(of('recordsHeld'), `records held in ${minute}`).toBeGreaterThanOrEqual(of('recordsReleased'));
  }
}

const MESSAGES = 90;
const firstSequence = fc.oneof(fc.constant(0), fc.constant(0xffff_ff80), fc.integer({ min: 0, max: 0xffff_ffff }));
/** Every other message is larger than its neighbours: of messages all alike nobody can say whether the last one's records are counted already. */
const sizes = fc
  .array(fc.integer({ min: 1, max: 15 }), { minLength: MESSAGES, maxLength: MESSAGES })
  .map((all) => all.map((size, index) => (index % 2 === 0 ? size : size + 15)));
const anyStream = fc.record({
  speech: fc.constantFrom(...SPEECHES),
  sizes: fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 20, maxLength: MESSAGES }),
  firstSequence,
  templatesFrom: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 70 })),
  restartAt: fc.oneof(fc.constant(1000), fc.integer({ min: 5, max: 60 })),
  withOptions: fc.boolean(),
});
const seldom = <T>(value: fc.Arbitrary<T>, otherwise: T) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: value });
const anyFate = fc.record({
  drop: seldom(fc.constant(true), false),
  twice: seldom(fc.constant(true), false),
  later: seldom(fc.integer({ min: 1, max: 12 }), 0),
  cut: seldom(fc.integer({ min: 0, max: 400 }), 65_536),
  corrupt: seldom(fc.integer({ min: 0, max: 120 }), 65_536),
  forged: seldom<number | undefined>(fc.integer({ min: 0, max: 0xffff_ffff }), undefined),
});

/** Harm whose extent the sequence numbers tell exactly: messages are whole or not there, and change places within the reorder window. */
const knowableFate = fc.record({
  drop: seldom(fc.constant(true), false),
  twice: seldom(fc.constant(true), false),
  later: seldom(fc.integer({ min: 1, max: 3 }), 0),
});

/** Nothing happens to the first and the last messages, for what is lost at the ends nobody can know, nor to templates. */
function knowable(
  fates: readonly Pick<Fate, 'drop' | 'twice' | 'later'>[],
  sent: readonly SentMessage[],
  forged: readonly (number | undefined)[] = [],
): Fate[] {
  return fates.map((fate, index) => {
    const isSpared = index < 5 || index > MESSAGES - 6;
    const drop = fate.drop && sent[index]?.carriesTemplate !== true;
    return isSpared ? WHOLE : { ...WHOLE, ...fate, drop, forged: forged[index] };
  });
}

const fates = fc.array(knowableFate, { minLength: MESSAGES, maxLength: MESSAGES });

function expectRowsOf(batch: FlowBatch, arrived: readonly SentMessage[]): void {
  const { octetDeltaCount, exportTimeMilliseconds, exportSequenceNumber, recordNumber } = batch.columns;
  const rows = Array.from({ length: batch.length }, (_, row) => {
    return [octetDeltaCount[row]!, exportTimeMilliseconds[row]!, exportSequenceNumber[row]!, recordNumber[row]!] as const;
  });
  const expected = arrived.flatMap(({ flows, sentMs, sequence }) => flows.map((octets, n) => [octets, sentMs, sequence, n] as const));
  expect(rows.sort((a, b) => a[0] - b[0])).toEqual(expected.sort((a, b) => a[0] - b[0]));
}

describe('the double entry of the coverage ledger', () => {
  it('balances in every account and minute, whatever happens to a stream on its way', () => {
    fc.assert(
      fc.property(
        anyStream,
        fc.array(anyFate, { minLength: MESSAGES, maxLength: MESSAGES }),
        fc.integer({ min: 7, max: 60 }),
        (stream, harm, every) => {
          const { batch, minutes, sum } = collect(damage(stream.speech, sendStream(stream), harm), every);
          expectBalance(minutes);
          expect(sum('recordsProduced')).toBe(batch.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  /** Holds what a collector made of a stream, harmed as far as its numbers can tell, against what was sent and what arrived. */
  function underKnowableHarm(
    speech: Speech,
    check: (collected: ReturnType<typeof collect>, sent: readonly SentMessage[], arrived: readonly SentMessage[]) => void,
  ): void {
    const templatesFrom = fc.integer({ min: 0, max: 40 });
    const property = fc.property(sizes, firstSequence, fates, templatesFrom, fc.integer({ min: 7, max: 60 }), (...drawn) => {
      const [messageSizes, first, harm, late, every] = drawn;
      const stream: ModelStream = {
        speech,
        sizes: messageSizes,
        firstSequence: first,
        templatesFrom: late,
        restartAt: 1000,
        withOptions: false,
      };
      const sent = sendStream(stream);
      const happened = knowable(harm, sent);
      const collected = collect(damage(speech, sent, happened), every);
      expectBalance(collected.minutes);
      check(
        collected,
        sent,
        sent.filter(({ index }) => !happened[index]!.drop),
      );
    });
    fc.assert(property, { numRuns: 30 });
  }
  const flowsIn = (messages: readonly SentMessage[]): number => messages.reduce((all, { flows }) => all + flows.length, 0);

  const exact: readonly Speech[] = ['netflow5', 'ipfix records-before', 'ipfix flow-records-before', 'ipfix flow-records-including'];
  for (const speech of exact) {
    it(`${speech}: what is lost is what the exporter sent and we do not have, and every record that arrived is a row, once`, () => {
      underKnowableHarm(speech, ({ batch, sum }, sent, arrived) => {
        expect(sum('recordsLost')).toBe(flowsIn(sent) - flowsIn(arrived));
        expect(sum('recordsHeld')).toBe(sum('recordsReleased'));
        expectRowsOf(batch, arrived);
      });
    });
  }

  for (const speech of ['netflow9', 'sflow5'] as const) {
    it(`${speech}: messages lost are exact, and every record that arrived is a row, once`, () => {
      underKnowableHarm(speech, ({ batch, sum }, sent, arrived) => {
        expect(sum('messagesLost')).toBe(sent.length - arrived.length);
        expect(sum('recordsProduced')).toBe(flowsIn(arrived));
        if (speech === 'netflow9') expectRowsOf(batch, arrived);
        else expect(sum('recordsLost') + sum('recordsProduced')).toBe(flowsIn(sent));
      });
    });
  }

  it('is not blinded by forged numbers: losses stay what they are, and no restart is seen (RFC 7011 §11.6)', () => {
    const speech = fc.constantFrom<Speech>('netflow5', 'netflow9', 'ipfix records-before', 'ipfix flow-records-including');
    // Beyond what the exporter could have sent meanwhile, and never two that continue each other.
    const forged = fc.array(seldom<number | undefined>(fc.integer({ min: 0x1000_0000, max: 0xe000_0000 }), undefined), {
      minLength: MESSAGES,
      maxLength: MESSAGES,
    });
    fc.assert(
      fc.property(speech, sizes, fates, forged, (spoken, sent, harm, numbers) => {
        const stream: ModelStream = {
          speech: spoken,
          sizes: sent,
          firstSequence: 0,
          templatesFrom: 0,
          restartAt: 1000,
          withOptions: false,
        };
        const messages = sendStream(stream);
        const happened = knowable(harm, messages, numbers);
        const { minutes, sum } = collect(damage(spoken, messages, happened), 30);
        expectBalance(minutes);
        const lost = messages.filter(({ index }) => happened[index]!.drop);
        expect(sum('restarts')).toBe(0);
        if (spoken === 'netflow9') expect(sum('messagesLost')).toBe(lost.length);
        else expect(sum('recordsLost')).toBe(lost.reduce((all, { flows }) => all + flows.length, 0));
      }),
      { numRuns: 50 },
    );
  });

  it('a restart loses nothing that it did not lose', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Speech>('netflow5', 'netflow9', 'ipfix records-before'),
        sizes,
        fc.integer({ min: 30, max: 60 }),
        (speech, sent, restartAt) => {
          const stream: ModelStream = {
            speech,
            sizes: sent,
            firstSequence: 3_000_000_000,
            templatesFrom: 0,
            restartAt,
            withOptions: false,
          };
          const messages = sendStream(stream);
          const { batch, minutes, sum } = collect(damage(speech, messages, []), 30);
          expectBalance(minutes);
          expect([sum('recordsLost'), sum('messagesLost'), sum('restarts')]).toEqual([0, 0, 1]);
          expectRowsOf(batch, messages);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('the model sends what it says', () => {
    const messages = sendStream({
      speech: 'netflow5',
      sizes: [3, 2],
      firstSequence: 7,
      templatesFrom: 0,
      restartAt: 9,
      withOptions: false,
    });
    expect(messages.map(({ sequence, flows, sentMs }) => [sequence, flows, sentMs])).toEqual([
      [7, [1, 2, 3], START_MS],
      [10, [4, 5], START_MS + STEP_MS],
    ]);
  });
});
