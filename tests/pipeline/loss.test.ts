import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../flow/service/paths.js';
import { killAll, type Running, says, start, stop } from './support/cordon.js';
import { freshDist } from './support/dist.js';
import { createLossyPath, type Datagram, type LossyPath, NOT_INSTALLED, whyNoLossyPath } from './support/lossy-path.js';

/*
 * The ledger against the truth: softflowd exports a recorded day over a path that loses datagrams, and the coverage ledger in the database must say, for each
 * exporter and minute, exactly what arrived and what did not. The truth comes from captures on both sides of the loss and from softflowd's own totals.
 */

const PORT = 2055;
const LOSS = 0.1;
const VERSIONS = [5, 9, 10] as const;

interface LedgerRow {
  readonly sensor: string;
  readonly exporter: string;
  readonly protocol: string;
  readonly second: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly messagesLost: number;
  readonly messagesDuplicate: number;
  readonly messagesMalformed: number;
  readonly recordsSent: number;
  readonly recordsReceived: number;
  readonly recordsLost: number;
  readonly recordsDecoded: number;
  readonly recordsUndecodable: number;
  readonly recordsProduced: number;
  readonly recordsUnwatched: number;
  readonly restarts: number;
  readonly kernelDrops: number;
}
type Count = Exclude<keyof LedgerRow, 'sensor' | 'exporter' | 'protocol' | 'second'>;

const reason = whyNoLossyPath();
const isNeeded = process.env.CI === 'true' && reason?.startsWith(NOT_INSTALLED) === true;

describe.skipIf(reason !== undefined && !isNeeded)(`a lossy path${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  let capture: string;
  let path: LossyPath;

  beforeAll(async () => {
    await freshDist();
    folder = mkdtempSync(join(tmpdir(), 'cordon-loss-'));
    capture = join(folder, 'day.pcap');
    writeFileSync(capture, gunzipSync(readFileSync(join(packageRoot(), 'fixtures/scenarios/port-scanners/packets.pcap.gz'))));
    path = createLossyPath(VERSIONS.length, folder);
  });
  afterEach(killAll);
  afterAll(() => {
    path?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `cordon run` behind the path, listening. */
  async function collect(name: string, receiveBufferBytes: number): Promise<{ cordon: Running; data: string }> {
    const data = join(folder, name);
    const config = join(folder, `${name}.yaml`);
    writeFileSync(
      config,
      `claims: [${join(packageRoot(), 'fixtures/scenarios/port-scanners/claims.yaml')}]
data: ${data}
collector: { listen: ["${path.collector}:${PORT}"], allow: ["192.0.2.0/24"], receiveBufferBytes: ${receiveBufferBytes} }
retention: { flowsDays: 0, minutesDays: 0, hoursDays: 0 }
`,
    );
    const cordon = start(['run', '--config', config, '--port', '0'], {}, path.atCollector);
    await says(cordon, /Listening for .*203\.0\.113\.1:2055/);
    return { cordon, data };
  }

  function ledgerOf(data: string): LedgerRow[] {
    const program = join(packageRoot(), 'tests/pipeline/support/ledger.mjs');
    return JSON.parse(
      execFileSync(process.execPath, [program, join(data, 'store')], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
    ) as LedgerRow[];
  }

  test('what was decoded and what was lost are what was sent, for each exporter and minute', async () => {
    const { cordon, data } = await collect('lossy', 8 * 2 ** 20);
    path.lose(LOSS);
    const watch = await path.watch(PORT);
    const told = await Promise.all(path.exporters.map((exporter, i) => path.softflowd(exporter, capture, VERSIONS[i]!, PORT)));
    path.loseNothing();
    await path.fetched();
    const { sent, arriving } = await watch.stop();
    await stop(cordon);
    const ledger = ledgerOf(data);
    expect(sum(ledger, 'kernelDrops')).toBe(0);

    for (const [i, exporter] of path.exporters.entries()) {
      const truth = follow(of(exporter, sent), of(exporter, arriving));
      // The captures and softflowd's own account are two witnesses of the same.
      expect({ packets: truth.sent.messages, records: truth.sent.records }).toEqual(told[i]);
      expect(truth.lost.messages).toBeGreaterThan(truth.sent.messages * LOSS * 0.5);

      const rows = ledger.filter((row) => row.exporter === `::ffff:${exporter}`);
      const counts = (name: Count): Map<number, number> => byMinute(rows, name);
      expect(counts('messagesReceived')).toEqual(truth.received.byMinute('messages'));
      expect(counts('recordsDecoded')).toEqual(truth.received.byMinute('records'));
      if (VERSIONS[i] === 9) {
        // v9 numbers its packets: their number is exact, what was in them an estimate.
        expect(counts('messagesLost')).toEqual(truth.missed.byMinute('messages'));
        expect(sum(rows, 'messagesReceived') + sum(rows, 'messagesLost')).toBe(truth.sent.messages - truth.tail.messages);
      } else {
        expect(counts('recordsLost')).toEqual(truth.missed.byMinute('records'));
        expect(sum(rows, 'recordsDecoded') + sum(rows, 'recordsLost')).toBe(truth.sent.records - truth.tail.records);
      }
      for (const row of rows) {
        expect(row.messagesSent).toBe(row.messagesReceived + row.messagesLost);
        expect(row.recordsSent).toBe(row.recordsReceived + row.recordsLost);
        expect(row.recordsReceived).toBe(row.recordsDecoded);
        expect(row.recordsDecoded).toBe(row.recordsProduced + row.recordsUnwatched);
      }
      for (const nothing of ['messagesDuplicate', 'messagesMalformed', 'restarts', 'recordsUndecodable'] as const)
        expect(sum(rows, nothing)).toBe(0);
    }
  });

  test('what the kernel drops while the collector is held up is named, and the sequence numbers say the same', async () => {
    const { cordon, data } = await collect('held-up', 65_536);
    const [exporter] = path.exporters;
    const watch = await path.watch(PORT);
    cordon.signal('SIGSTOP');
    await path.softflowd(exporter!, capture, 9, PORT);
    cordon.signal('SIGCONT');
    await path.fetched();
    // What the exporter would send next shows that what was before it is missing.
    const before = await watch.stop();
    const last = Buffer.from(before.sent.at(-1)!.payload);
    last.writeUInt32BE(last.readUInt32BE(12) + 1, 12);
    path.send(exporter!, last, PORT);
    await path.fetched();
    await stop(cordon);

    const ledger = ledgerOf(data);
    const rows = ledger.filter((row) => row.exporter === `::ffff:${exporter}`);
    const dropped = sum(ledger, 'kernelDrops');
    expect(before.arriving.length).toBe(before.sent.length);
    expect(dropped).toBeGreaterThan(0);
    expect(ledger.filter((row) => row.kernelDrops > 0).map(({ sensor }) => sensor)).toContain('udp');
    expect(sum(rows, 'messagesReceived') + dropped).toBe(before.sent.length + 1);
    expect(sum(rows, 'messagesLost')).toBe(dropped);
  });
});

/** Messages and records by the minute of the exporter's clock. */
class Tally {
  messages = 0;
  records = 0;
  private readonly minutes = new Map<number, { messages: number; records: number }>();

  add(second: number, messages: number, records: number): void {
    this.messages += messages;
    this.records += records;
    const minute = second - (second % 60);
    const counts = this.minutes.get(minute) ?? { messages: 0, records: 0 };
    this.minutes.set(minute, { messages: counts.messages + messages, records: counts.records + records });
  }

  byMinute(kind: 'messages' | 'records'): Map<number, number> {
    return new Map([...this.minutes].map(([minute, counts]) => [minute, counts[kind]] as const).filter(([, count]) => count > 0));
  }
}

/** What one exporter sent, what of it arrived, and when the rest was missed: with the first datagram behind it, in that one's minute. */
function follow(sent: readonly Buffer[], arriving: readonly Buffer[]): Record<'sent' | 'received' | 'missed' | 'lost' | 'tail', Tally> {
  const tallies = { sent: new Tally(), received: new Tally(), missed: new Tally(), lost: new Tally(), tail: new Tally() };
  let next = 0;
  let open = { messages: 0, records: 0 };
  let recordsBefore = 0;
  for (const payload of sent) {
    const { second, records, sequence } = headerOf(payload);
    // softflowd's IPFIX sequence counts the records of the message itself: what it grew by is what the message holds.
    const count = records ?? sequence - recordsBefore;
    recordsBefore = sequence;
    tallies.sent.add(second, 1, count);
    if (arriving[next]?.equals(payload) === true) {
      next++;
      tallies.received.add(second, 1, count);
      tallies.missed.add(second, open.messages, open.records);
      open = { messages: 0, records: 0 };
    } else {
      tallies.lost.add(second, 1, count);
      open = { messages: open.messages + 1, records: open.records + count };
    }
  }
  // Nothing came behind them, so nobody can know.
  tallies.tail.add(0, open.messages, open.records);
  expect(next).toBe(arriving.length);
  return tallies;
}

/** v5 (count, seconds), v9 (count, seconds) and IPFIX (seconds, sequence), each by its own header alone. */
function headerOf(payload: Buffer): { second: number; sequence: number; records?: number } {
  const version = payload.readUInt16BE(0);
  if (version === 10) return { second: payload.readUInt32BE(4), sequence: payload.readUInt32BE(8) };
  return { second: payload.readUInt32BE(8), sequence: payload.readUInt32BE(version === 5 ? 16 : 12), records: payload.readUInt16BE(2) };
}

function of(exporter: string, datagrams: readonly Datagram[]): Buffer[] {
  return datagrams.filter(({ source }) => source === exporter).map(({ payload }) => payload);
}

function sum(rows: readonly LedgerRow[], name: Count): number {
  return rows.reduce((total, row) => total + row[name], 0);
}

function byMinute(rows: readonly LedgerRow[], name: Count): Map<number, number> {
  const minutes = new Map<number, number>();
  for (const row of rows) if (row[name] > 0) minutes.set(row.second, (minutes.get(row.second) ?? 0) + row[name]);
  return minutes;
}
