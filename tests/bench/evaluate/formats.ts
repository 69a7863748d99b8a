import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Collector, createCollector } from '../../../collector/collector.js';
import { readFileInto } from '../../../collector/files.js';
import { createMeter } from '../../../collector/metering/meter.js';
import { PacketBatch } from '../../../collector/packets/packet-batch.js';
import { compileTexts } from '../../../detector/claims/load.js';
import { createEngine } from '../../../detector/engine/engine.js';
import { exportOf } from '../../../fixtures/generator/flows/exporter.js';
import { sflowOf } from '../../../fixtures/generator/flows/sflow.js';
import { connLog } from '../../../fixtures/generator/flows/zeek.js';
import { HOUR } from '../../../fixtures/generator/weeks/calendar.js';
import { EXPORTERS } from '../../../fixtures/generator/weeks/fleets.js';
import { CAPTURED_OCTETS, type Packet, packetsOf, writeHeaders } from '../../../fixtures/generator/weeks/packets.js';
import { conversationsOf } from '../../../fixtures/generator/weeks/stream.js';
import type { World } from '../../../fixtures/generator/weeks/world.js';
import { parseAddress } from '../../../flow/address.js';
import type { Alert } from './alerts.js';
import { createEngineOutput } from './engine-output.js';

/** How the same weeks are told. */
export const WEEK_FORMATS = ['pcap', 'netflow9, 60 s', 'netflow9, 300 s', 'netflow9, 1800 s', 'sflow5, 1:100', 'zeek'] as const;
export type WeekFormat = (typeof WEEK_FORMATS)[number];

const TIMEOUT = /, (\d+) s$/;
const SAMPLING = 100;
const LINKTYPE_RAW = 101;
const PACKETS_AT_ONCE = 4096;

export interface WeeksSeen {
  readonly alerts: readonly Alert[];
  readonly rows: number;
}

/** Tells the weeks in one format to the real decoders, and what they make of it to the real engine. `folder` takes the log's file. */
export async function seeWeeks(world: World, format: WeekFormat, folder: string): Promise<WeeksSeen> {
  const seconds = Number(TIMEOUT.exec(format)?.[1] ?? 60);
  const sampled = format.startsWith('sflow5');
  const kind = format.startsWith('netflow9') ? 'netflow9' : sampled ? 'sflow5' : format;
  const text = world.claims({ activeTimeout: `PT${seconds}S`, sampling: sampled ? SAMPLING : 1, kind });
  const { claims } = compileTexts([{ file: 'weeks.claims.yaml', text }]).compilation;
  const engine = createEngine({ claims });
  const { output, book, rows } = createEngineOutput(claims, engine);
  const collector = createCollector(output);
  if (format === 'pcap') await tellPackets(world, collector);
  else if (format === 'zeek') await tellLog(world, collector, folder);
  else await tellDatagrams(world, collector, sampled ? undefined : seconds * 1000);
  await collector.flush();
  return { alerts: book.list(), rows: rows() };
}

async function tellDatagrams(world: World, collector: Collector, activeTimeoutMs: number | undefined): Promise<void> {
  const all = [...conversationsOf(world)].flatMap((hour) => hour.map(({ one }) => one));
  const { fromMs, toMs: untilMs, seed } = world;
  const datagrams =
    activeTimeoutMs === undefined
      ? sflowOf(all, { agent: EXPORTERS.border, rate: SAMPLING, seed, fromMs, untilMs })
      : exportOf(all, { format: 'netflow9', fromMs, untilMs, activeTimeoutMs });
  const exporter = parseAddress(EXPORTERS.border);
  const origin = { sensor: 'border', exporter, exporterPort: 2055, transport: 'udp' as const, receivedMs: Number.NaN };
  for (const { atMs, bytes } of datagrams) {
    origin.receivedMs = atMs;
    await collector.datagram(bytes, origin);
  }
  await collector.flushDecoded();
}

async function tellLog(world: World, collector: Collector, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'conn.log');
  writeFileSync(path, connLog([...conversationsOf(world)].flatMap((hour) => hour.map(({ one }) => one))));
  await readFileInto(collector, { path, format: 'zeek', sensor: 'border' });
}

async function tellPackets(world: World, collector: Collector): Promise<void> {
  const meter = createMeter({ sensor: 'border', names: collector.names });
  const capture = collector.ledger.capture('border');
  const batch = new PacketBatch(PACKETS_AT_ONCE);
  const buffer = new Uint8Array(PACKETS_AT_ONCE * CAPTURED_OCTETS);
  const view = new DataView(buffer.buffer);
  let number = 0;
  const tell = async (packets: readonly Packet[]): Promise<void> => {
    for (let from = 0; from < packets.length; from += PACKETS_AT_ONCE) {
      buffer.fill(0);
      batch.clear(buffer, view);
      for (const packet of packets.slice(from, from + PACKETS_AT_ONCE)) {
        const at = batch.length * CAPTURED_OCTETS;
        writeHeaders(view, at, packet);
        batch.add(at, Math.min(CAPTURED_OCTETS, packet.octets), packet.octets, packet.atMs, LINKTYPE_RAW, ++number);
      }
      await collector.packets(batch, meter, capture);
    }
  };
  for (const packets of packetsByHour(world)) await tell(packets);
  await collector.endCapture(meter);
}

/** Packets in the order of their time, an hour of them at once. */
function* packetsByHour(world: World): Generator<Packet[]> {
  const waiting = new Map<number, Packet[]>();
  let hour = world.fromMs / HOUR;
  for (const told of conversationsOf(world)) {
    for (const { one } of told) {
      for (const packet of packetsOf(one)) {
        const at = Math.floor(packet.atMs / HOUR);
        const list = waiting.get(at);
        if (list === undefined) waiting.set(at, [packet]);
        else list.push(packet);
      }
    }
    yield (waiting.get(hour) ?? []).sort((a, b) => a.atMs - b.atMs);
    waiting.delete(hour);
    hour += 1;
  }
}
