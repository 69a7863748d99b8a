import { randomInt } from 'node:crypto';
import type { FlowBatch } from '../../flow/batch.js';
import { AgeLinks, type AgeList, emptyList } from './age-list.js';
import { cleanName } from './clean-name.js';
import { NameEntries } from './entries.js';
import { DEFAULT_NAME_LIMITS, MAX_NAMES_PER_ROW, type NameLimits } from './limits.js';
import { NamePool } from './name-pool.js';
import type { NameSink } from './name-sink.js';

const FIRST_CAPACITY = 1024;

/** What the name table has done; all grow only. */
export interface NameCounters {
  answers: number;
  /** Answers whose name is no domain name, or whose time is none. */
  refused: number;
  /** Entries forgotten for lack of room. */
  evicted: number;
  /** Rows that were given a name. */
  named: number;
}

/**
 * What clients were told by DNS: for each (client, address) the names and the times for which they hold, from the answer to its TTL and a grace beyond it
 * (reference: assurance.md §1.5 (e)). Only what a client was told itself counts for it.
 *
 * Time comes with answers and rows alone. What has expired is kept as long as there is room, because flows are told late and logs are read file by file:
 * a look-up at any time gives what held then, whatever was answered since.
 */
export interface NameTable extends NameSink {
  readonly counters: Readonly<NameCounters>;
  readonly entries: number;
  readonly clients: number;
  /** Names that `client` had for `address` at `ms`, at most 4, the most recently answered first, separated by commas; '' when there are none. */
  namesAt(client: Uint8Array, address: Uint8Array, ms: number): string;
  /**
   * Writes `destinationNames` (what the source was told of the destination) and `sourceNames` (the other way round) of rows `from` to `to`, by their start:
   * a flow that began while a name held keeps it. Costs nothing while the table is empty.
   */
  annotate(batch: FlowBatch, from: number, to: number): void;
}

/** An empty table. Throws RangeError on limits that leave no room. */
export function createNameTable(options: Partial<NameLimits> = {}): NameTable {
  const limits: NameLimits = { ...DEFAULT_NAME_LIMITS, ...options };
  if (!(limits.maxEntries >= 1 && limits.maxEntriesPerClient >= 1 && limits.maxNamesPerAddress >= 1))
    throw new RangeError('a name table needs room for one entry at least');
  // Addresses are the senders' choice: without a secret they could be chosen to fall into one chain.
  const seed = randomInt(2 ** 31);
  const counters: NameCounters = { answers: 0, refused: 0, evicted: 0, named: 0 };
  const entries = new NameEntries(Math.min(FIRST_CAPACITY, powerOfTwo(limits.maxEntries)));
  const names = new NamePool();
  const ages = new AgeLinks(entries.capacity);
  const agesOfClients = new AgeLinks(entries.capacity);
  const all = emptyList();
  const clients = new Map<string, AgeList>();
  const keyBytes = new Uint8Array(32);
  const keyWords = new Uint32Array(keyBytes.buffer);
  const found = new Int32Array(MAX_NAMES_PER_ROW);

  const clientKey = (entry: number): string => {
    const at = entry * 8;
    const { keys } = entries;
    return `${keys[at]}.${keys[at + 1]}.${keys[at + 2]}.${keys[at + 3]}`;
  };

  function forget(entry: number): void {
    const key = clientKey(entry);
    const client = clients.get(key)!;
    agesOfClients.remove(client, entry);
    if (client.length === 0) clients.delete(key);
    ages.remove(all, entry);
    names.release(entries.name[entry]!);
    entries.remove(entry);
  }

  function evict(entry: number): void {
    forget(entry);
    counters.evicted++;
  }

  /** Places an entry at the young end of both lists. */
  function renew(entry: number, client: AgeList): void {
    ages.remove(all, entry);
    ages.append(all, entry);
    agesOfClients.remove(client, entry);
    agesOfClients.append(client, entry);
  }

  function insert(hash: number, name: string, fromMs: number, untilMs: number, atMs: number): void {
    if (all.length >= limits.maxEntries) evict(all.oldest);
    if (all.length === entries.capacity) {
      entries.grow();
      ages.grow(entries.capacity);
      agesOfClients.grow(entries.capacity);
    }
    const entry = entries.add(hash, keyWords);
    entries.from[entry] = fromMs;
    entries.until[entry] = untilMs;
    entries.last[entry] = atMs;
    entries.name[entry] = names.hold(name);
    const key = clientKey(entry);
    let client = clients.get(key);
    if (client === undefined) {
      client = emptyList();
      clients.set(key, client);
    }
    ages.append(all, entry);
    agesOfClients.append(client, entry);
    if (client.length > limits.maxEntriesPerClient) evict(client.oldest);
  }

  function answer(
    client: Uint8Array,
    clientAt: number,
    address: Uint8Array,
    addressAt: number,
    name: string,
    ttlSeconds: number,
    atMs: number,
  ): void {
    counters.answers++;
    const clean = cleanName(name);
    if (clean === undefined || !(atMs >= 0 && atMs < Number.MAX_SAFE_INTEGER)) {
      counters.refused++;
      return;
    }
    for (let i = 0; i < 16; i++) {
      keyBytes[i] = client[clientAt + i]!;
      keyBytes[16 + i] = address[addressAt + i]!;
    }
    const ttl = ttlSeconds > 0 ? Math.min(ttlSeconds, limits.maxTtlSeconds) : 0;
    const fromMs = atMs - limits.clockToleranceMs;
    const untilMs = atMs + ttl * 1000 + limits.graceMs;
    const hash = hashOf(seed, keyWords, 0, keyWords, 4);
    const id = names.find(clean);
    let same = 0;
    let oldest = -1;
    for (let entry = entries.first(hash); entry >= 0; entry = entries.next[entry]!) {
      if (!entries.isAt(entry, keyWords, 0, keyWords, 4)) continue;
      if (entries.name[entry] === id && fromMs <= entries.until[entry]! && untilMs >= entries.from[entry]!) {
        entries.from[entry] = Math.min(entries.from[entry]!, fromMs);
        entries.until[entry] = Math.max(entries.until[entry]!, untilMs);
        entries.last[entry] = Math.max(entries.last[entry]!, atMs);
        renew(entry, clients.get(clientKey(entry))!);
        return;
      }
      same++;
      if (oldest < 0 || entries.last[entry]! <= entries.last[oldest]!) oldest = entry;
    }
    if (same >= limits.maxNamesPerAddress) evict(oldest);
    insert(hash, clean, fromMs, untilMs, atMs);
  }

  /** Comparison of two entries that hold at `ms`: true when `a` is to be named before `b`. An answer after `ms` says no more than one at `ms`. */
  function before(a: number, b: number, ms: number): boolean {
    const { last, from, name } = entries;
    const [lastA, lastB] = [Math.min(last[a]!, ms), Math.min(last[b]!, ms)];
    if (lastA !== lastB) return lastA > lastB;
    if (from[a] !== from[b]) return from[a]! > from[b]!;
    return names.text(name[a]!) < names.text(name[b]!);
  }

  /** Puts the entries to be named into `found`, in order, and answers how many. */
  function find(client: Uint32Array, clientAt: number, address: Uint32Array, addressAt: number, ms: number): number {
    let count = 0;
    const { from, until, name, next } = entries;
    for (let entry = entries.first(hashOf(seed, client, clientAt, address, addressAt)); entry >= 0; entry = next[entry]!) {
      if (!(from[entry]! <= ms && ms <= until[entry]!)) continue;
      if (!entries.isAt(entry, client, clientAt, address, addressAt)) continue;
      // A name that is found already, by an answer read later, keeps the better place of the two.
      let at = 0;
      while (at < count && name[found[at]!] !== name[entry]) at++;
      if (at < count) {
        if (!before(entry, found[at]!, ms)) continue;
      } else if (count < MAX_NAMES_PER_ROW) count++;
      else if (!before(entry, found[--at]!, ms)) continue;
      for (; at > 0 && before(entry, found[at - 1]!, ms); at--) found[at] = found[at - 1]!;
      found[at] = entry;
    }
    return count;
  }

  function textOf(count: number): string {
    let text = names.text(entries.name[found[0]!]!);
    for (let i = 1; i < count; i++) text += `,${names.text(entries.name[found[i]!]!)}`;
    return text;
  }

  return {
    counters,
    get entries() {
      return all.length;
    },
    get clients() {
      return clients.size;
    },
    answer,

    namesAt(client, address, ms) {
      const words = new Uint32Array(8);
      const bytes = new Uint8Array(words.buffer);
      bytes.set(client.subarray(0, 16));
      bytes.set(address.subarray(0, 16), 16);
      const count = find(words, 0, words, 4, ms);
      return count === 0 ? '' : textOf(count);
    },

    annotate({ columns }, from, to) {
      if (all.length === 0) return;
      const source = columns.sourceIPv6Address.words;
      const destination = columns.destinationIPv6Address.words;
      const { flowStartMilliseconds, sourceNames, destinationNames } = columns;
      for (let row = from; row < to; row++) {
        const ms = flowStartMilliseconds[row]!;
        const forward = find(source, row * 4, destination, row * 4, ms);
        if (forward > 0) destinationNames.codes[row] = destinationNames.dictionary.intern(textOf(forward));
        const backward = find(destination, row * 4, source, row * 4, ms);
        if (backward > 0) sourceNames.codes[row] = sourceNames.dictionary.intern(textOf(backward));
        if (forward > 0 || backward > 0) counters.named++;
      }
    },
  };
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** Mixes client and address, word by word (the finaliser of MurmurHash3 between words). */
function hashOf(seed: number, client: Uint32Array, clientAt: number, address: Uint32Array, addressAt: number): number {
  let hash = seed;
  for (let i = 0; i < 4; i++) hash = mix(hash ^ client[clientAt + i]!);
  for (let i = 0; i < 4; i++) hash = mix(hash ^ address[addressAt + i]!);
  return hash;
}

function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
