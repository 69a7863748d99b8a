import { HOUR_MS } from '../../../flow/time.js';
import { grownTo, NO_DOUBLES, RecentKeys } from '../../baseline/recent-keys.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { Totals } from '../../findings/finding-sink.js';
import { LASTING_MS } from '../detection.js';
import type { ObservedRecord } from '../observed-record.js';

/*
 * A remote access that waits need not stay in one session: it is renewed when it ends, by a timer or by whatever lies between. Sessions with one peer on one port that
 * follow one another are one stay, as far as they cover its time.
 */

/** Longest pause in a stay. */
const MOST_PAUSE_MS = HOUR_MS;
/** Share of its time that sessions cover. Notices of a telephone, held for half an hour to an hour and a half out of each hour and a half, cover half of it. */
const LEAST_COVERED = 2 / 3;
/** Peers and ports whose stays are followed, an asset and a unit; one more makes that forgotten which was touched longest ago. 112 bytes each. */
const CHAINS_PER_ASSET = 8;
const MOST_CHAINS = 512;

/** What is kept of a stay, in this order: its time, the time that sessions cover, the number of the latest session (numbers grow), and what was counted. */
const Fact = {
  ...{ fromMs: 0, untilMs: 1, heldMs: 2, session: 3 },
  ...{ octetsOut: 4, octetsIn: 5, packetsOut: 6, packetsIn: 7, records: 8, sessions: 9 },
} as const;
const FACTS = 10;

export interface Chain {
  readonly fromMs: number;
  readonly untilMs: number;
  /** Time that sessions cover. */
  readonly heldMs: number;
  readonly totals: Totals;
}

export class SessionChains {
  private readonly keys: RecentKeys;
  private facts = NO_DOUBLES;

  constructor(assets: number) {
    let most = CHAINS_PER_ASSET;
    while (most < MOST_CHAINS && most < CHAINS_PER_ASSET * assets) most *= 2;
    this.keys = new RecentKeys(most);
  }

  /** Takes the record into the stay with its peer, which begins anew after a pause. The stay, where several sessions make it and cover it; `a`, `b`: its key. */
  take(record: ObservedRecord, a: number, b: number): Chain | undefined {
    const { sessionStartMs, endMs } = record;
    if (endMs - sessionStartMs < LASTING_MS || record.retold) return undefined;
    let row = this.keys.find(a, b);
    const isNew = row < 0;
    if (isNew) {
      row = this.keys.add(a, b);
      if (this.facts.length < this.keys.capacity * FACTS) this.facts = grownTo(this.facts, this.keys.capacity * FACTS);
    } else this.keys.touch(row);
    const facts = this.facts.subarray(row * FACTS, (row + 1) * FACTS);
    if (isNew || sessionStartMs - facts[Fact.untilMs]! > MOST_PAUSE_MS) begin(facts, record);
    else extend(facts, record);
    const [fromMs, untilMs, heldMs] = [facts[Fact.fromMs]!, facts[Fact.untilMs]!, facts[Fact.heldMs]!];
    if (facts[Fact.sessions]! < 2 || heldMs < LEAST_COVERED * (untilMs - fromMs)) return undefined;
    return { fromMs, untilMs, heldMs, totals: totalsOf(facts) };
  }

  save(writer: StateWriter): void {
    this.keys.save(writer);
    writer.numbers(this.facts);
  }

  load(reader: StateReader): void {
    this.keys.load(reader);
    this.facts = new Float64Array(this.keys.capacity * FACTS);
    reader.numbers(this.facts);
  }
}

function begin(facts: Float64Array, record: ObservedRecord): void {
  facts.fill(0);
  facts[Fact.fromMs] = record.sessionStartMs;
  facts[Fact.untilMs] = record.sessionStartMs;
  facts[Fact.session] = -1;
  extend(facts, record);
}

function extend(facts: Float64Array, record: ObservedRecord): void {
  const { sessionStartMs, endMs, session } = record;
  // A log may tell of a session at its end, when others that began later have been told.
  const fromMs = facts[Fact.fromMs]!;
  if (sessionStartMs < fromMs) {
    facts[Fact.heldMs]! += Math.min(fromMs, endMs) - sessionStartMs;
    facts[Fact.fromMs] = sessionStartMs;
  }
  facts[Fact.heldMs]! += Math.max(0, endMs - Math.max(facts[Fact.untilMs]!, sessionStartMs));
  facts[Fact.untilMs] = Math.max(facts[Fact.untilMs]!, endMs);
  // Of a session that was not met yet all that it has counted, of one that was the record alone.
  const isNew = session > facts[Fact.session]!;
  if (isNew) facts[Fact.session] = session;
  facts[Fact.octetsOut]! += isNew ? record.sessionOctetsOut : record.octetsOut;
  facts[Fact.octetsIn]! += isNew ? record.sessionOctetsIn : record.octetsIn;
  facts[Fact.packetsOut]! += isNew ? record.sessionPacketsOut : record.packetsOut;
  facts[Fact.packetsIn]! += isNew ? record.sessionPacketsIn : record.packetsIn;
  facts[Fact.records]! += isNew ? record.sessionRecords : record.records;
  facts[Fact.sessions]! += isNew ? 1 : 0;
}

function totalsOf(facts: Float64Array): Totals {
  return {
    firstMs: facts[Fact.fromMs]!,
    lastMs: facts[Fact.untilMs]!,
    octetsOut: facts[Fact.octetsOut]!,
    octetsIn: facts[Fact.octetsIn]!,
    packetsOut: facts[Fact.packetsOut]!,
    packetsIn: facts[Fact.packetsIn]!,
    records: facts[Fact.records]!,
    sessions: facts[Fact.sessions]!,
  };
}
