import { type Collector, createCollector } from '../../../collector/collector.js';
import { readFileInto } from '../../../collector/files.js';
import { createMeter } from '../../../collector/metering/meter.js';
import { PacketBatch } from '../../../collector/packets/packet-batch.js';
import type { CompiledClaims } from '../../../detector/claims/compiled.js';
import type { DetectionId } from '../../../detector/detections/index.js';
import { createEngine } from '../../../detector/engine/engine.js';
import type { Conversation } from '../../../fixtures/generator/flows/conversation.js';
import { exportOf } from '../../../fixtures/generator/flows/exporter.js';
import { connLog } from '../../../fixtures/generator/flows/zeek.js';
import { CAPTURED_OCTETS, packetsOf, writeHeaders } from '../../../fixtures/generator/weeks/packets.js';
import { parseAddress } from '../../../flow/address.js';
import type { Alert } from '../../bench/evaluate/alerts.js';
import { createEngineOutput } from '../../bench/evaluate/engine-output.js';
import { temporaryFile } from '../../collector/inputs/collecting.js';

/** How conversations are told: as packets that the meter sees, by an exporter with an active timeout of 60 s, as Zeek's log. */
export const TOLD_BY = ['pcap', 'netflow9', 'zeek'] as const;
export type ToldBy = (typeof TOLD_BY)[number];

const SENSOR = 'border';
const EXPORTER = '10.40.0.1';
const LINKTYPE_RAW = 101;
const PACKETS_AT_ONCE = 4096;
const ACTIVE_TIMEOUT_MS = 60_000;

/** What the real decoders and the real engine make of the conversations. */
export async function findingsFrom(
  conversations: readonly Conversation[],
  by: ToldBy,
  claims: CompiledClaims,
  detections?: readonly DetectionId[],
): Promise<readonly Alert[]> {
  const engine = createEngine({ claims, ...(detections === undefined ? {} : { detections }) });
  const { output, book } = createEngineOutput(claims, engine);
  const collector = createCollector(output);
  const inOrder = [...conversations].sort((a, b) => a.startMs - b.startMs);
  if (by === 'pcap') await tellPackets(inOrder, collector);
  else if (by === 'zeek') await tellLog(inOrder, collector);
  else await tellDatagrams(inOrder, collector);
  await collector.flush();
  return book.list();
}

async function tellDatagrams(conversations: readonly Conversation[], collector: Collector): Promise<void> {
  const fromMs = conversations[0]!.startMs;
  const untilMs = Math.max(...conversations.map(({ endMs }) => endMs)) + 2 * ACTIVE_TIMEOUT_MS;
  const origin = { sensor: SENSOR, exporter: parseAddress(EXPORTER), exporterPort: 2055, transport: 'udp' as const, receivedMs: fromMs };
  for (const { atMs, bytes } of exportOf(conversations, { format: 'netflow9', fromMs, untilMs, activeTimeoutMs: ACTIVE_TIMEOUT_MS })) {
    origin.receivedMs = atMs;
    await collector.datagram(bytes, origin);
  }
  await collector.flushDecoded();
}

async function tellLog(conversations: readonly Conversation[], collector: Collector): Promise<void> {
  const path = temporaryFile('conn.log', Buffer.from(connLog(conversations)));
  await readFileInto(collector, { path, format: 'zeek', sensor: SENSOR });
}

async function tellPackets(conversations: readonly Conversation[], collector: Collector): Promise<void> {
  const meter = createMeter({ sensor: SENSOR, names: collector.names });
  const capture = collector.ledger.capture(SENSOR);
  const batch = new PacketBatch(PACKETS_AT_ONCE);
  const buffer = new Uint8Array(PACKETS_AT_ONCE * CAPTURED_OCTETS);
  const view = new DataView(buffer.buffer);
  const packets = conversations.flatMap(packetsOf).sort((a, b) => a.atMs - b.atMs);
  for (let from = 0; from < packets.length; from += PACKETS_AT_ONCE) {
    buffer.fill(0);
    batch.clear(buffer, view);
    for (const [index, packet] of packets.slice(from, from + PACKETS_AT_ONCE).entries()) {
      const at = batch.length * CAPTURED_OCTETS;
      writeHeaders(view, at, packet);
      batch.add(at, Math.min(CAPTURED_OCTETS, packet.octets), packet.octets, packet.atMs, LINKTYPE_RAW, from + index + 1);
    }
    await collector.packets(batch, meter, capture);
  }
  await collector.endCapture(meter);
}
