import { FlowBatch } from '../../../flow/batch.js';
import type { OutgoingMessage } from '../../../flow/bus/bus.js';
import { AssetSide, Completion, FLOW_COLUMNS, Initiator } from '../../../flow/columns.js';
import { FrameEncoder } from '../../../flow/frame.js';

/** Thursday 2026-12-03, 00:00 UTC: the day of the bundled scenarios. */
export const DAY = Date.UTC(2026, 11, 3);

export interface FlowShape {
  readonly rows: number;
  readonly startMs: number;
  /** Time between one row and the next. */
  readonly stepMs: number;
  readonly assets: number;
  readonly peersPerAsset: number;
}

/** Deterministic flow rows with realistic content: each asset talks to a few peers, each on one port; numbers from a small generator. */
export function flowRows(shape: FlowShape, seed = 1): FlowBatch {
  const batch = new FlowBatch(shape.rows);
  batch.addRows(shape.rows);
  const c = batch.columns;
  const random = generator(seed);
  const ports = [443, 445, 53, 123, 22, 5432];
  const assets = Array.from({ length: shape.assets }, (_, i) => c.asset.dictionary.intern(`scan-${String(i).padStart(3, '0')}`));
  const fleets = Array.from({ length: 4 }, (_, i) => c.fleet.dictionary.intern(`fleet-${i}`));
  const sensors = Array.from({ length: 4 }, (_, i) => c.sensor.dictionary.intern(`core-${i}`));
  const protocol = c.exportProtocol.dictionary.intern('ipfix');
  for (let row = 0; row < shape.rows; row++) {
    const asset = Math.floor(random() * shape.assets);
    const peer = Math.floor(random() * random() * shape.peersPerAsset);
    const start = shape.startMs + Math.floor(row * shape.stepMs);
    const fromAsset = random() < 0.7;
    c.flowStartMilliseconds[row] = start;
    c.flowEndMilliseconds[row] = start + Math.floor(random() * 30_000);
    c.exportTimeMilliseconds[row] = start + 31_000;
    const [assetBytes, peerBytes] = fromAsset
      ? [c.sourceIPv6Address.bytes, c.destinationIPv6Address.bytes]
      : [c.destinationIPv6Address.bytes, c.sourceIPv6Address.bytes];
    assetBytes.set([0xff, 0xff, 10, 40, asset >>> 8, asset & 0xff], row * 16 + 10);
    peerBytes.set([0xff, 0xff, 10, 41, peer, (asset * 7) & 0xff], row * 16 + 10);
    const port = ports[peer % ports.length]!;
    const ephemeral = 32_768 + Math.floor(random() * 28_000);
    c.sourceTransportPort[row] = fromAsset ? ephemeral : port;
    c.destinationTransportPort[row] = fromAsset ? port : ephemeral;
    c.initiator[row] = fromAsset ? Initiator.source : Initiator.destination;
    c.initiatorConfidence[row] = 100;
    c.protocolIdentifier[row] = port === 53 || port === 123 ? 17 : 6;
    c.tcpControlBits[row] = 0x1b;
    c.reverseTcpControlBits[row] = 0x1b;
    c.octetDeltaCount[row] = Math.floor(Math.exp(4 + random() * 12));
    c.packetDeltaCount[row] = 1 + Math.floor(c.octetDeltaCount[row]! / 900);
    c.reverseOctetDeltaCount[row] = Math.floor(Math.exp(4 + random() * 9));
    c.reversePacketDeltaCount[row] = 1 + Math.floor(c.reverseOctetDeltaCount[row]! / 900);
    c.biflow[row] = 1;
    c.samplingInterval[row] = 1;
    c.completion[row] = random() < 0.05 ? Completion.attempt : Completion.transferred;
    c.exportProtocol.codes[row] = protocol;
    c.sensor.codes[row] = sensors[asset % 4]!;
    c.exporterIPv6Address.bytes.set([0xff, 0xff, 192, 0, 2, asset % 4], row * 16 + 10);
    c.observationDomainId[row] = asset % 4;
    c.exportSequenceNumber[row] = row - (row % 24);
    c.recordNumber[row] = row % 24;
    c.sequenceState[row] = 1;
    c.asset.codes[row] = assets[asset]!;
    c.fleet.codes[row] = fleets[asset % 4]!;
    c.assetSide[row] = fromAsset ? AssetSide.source : AssetSide.destination;
  }
  return batch;
}

const encoder = new FrameEncoder(FLOW_COLUMNS);

/** Flow rows as frames of at most `rowsPerFrame` rows. */
export function flowFrames(shape: FlowShape, rowsPerFrame: number, seed = 1): OutgoingMessage[] {
  const frames: OutgoingMessage[] = [];
  for (let row = 0; row < shape.rows; row += rowsPerFrame) {
    const rows = Math.min(rowsPerFrame, shape.rows - row);
    frames.push(...encoder.encode(flowRows({ ...shape, rows, startMs: shape.startMs + row * shape.stepMs }, seed + row)));
  }
  return frames;
}

/** mulberry32: small, seedable, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
