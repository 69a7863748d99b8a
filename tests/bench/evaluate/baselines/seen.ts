import type { CompiledClaims } from '../../../../detector/claims/compiled.js';
import { formatAddress } from '../../../../flow/address.js';
import type { FlowBatch } from '../../../../flow/batch.js';
import { AssetSide, Completion, Initiator } from '../../../../flow/columns.js';
import type { Alert } from '../alerts.js';

/** One connection as the baselines look at it, turned to the asset. One object, overwritten for each. */
export interface Seen {
  asset: string;
  peer: string;
  outside: boolean;
  /** The asset began it. */
  began: boolean;
  answered: boolean;
  startMs: number;
  endMs: number;
  protocol: number;
  /** The responder's. */
  port: number;
  octetsOut: number;
  octetsIn: number;
  /** False for the rest of a session that the active timeout cut: what those tools never see, since they read whole connections. */
  starts: boolean;
}

/** A detector of others, written anew from its description, as a yardstick. */
export interface Baseline {
  take(seen: Seen): void;
  /** What it has to say until then; each thing once. */
  alerts(untilMs: number): Alert[];
}

/** Longest pause between two parts of one cut session. */
const PART_GAP_MS = 15_000;

/** Reads rows for the baselines. Only biflows: what these tools are fed. */
export class SeenReader {
  private readonly claims: CompiledClaims;
  private readonly ends = new Map<string, number>();
  private readonly seen: Seen = {
    asset: '',
    peer: '',
    outside: false,
    began: false,
    answered: false,
    startMs: 0,
    endMs: 0,
    protocol: 0,
    port: 0,
    octetsOut: 0,
    octetsIn: 0,
    starts: true,
  };

  constructor(claims: CompiledClaims) {
    this.claims = claims;
  }

  read(batch: FlowBatch, visit: (seen: Seen) => void): void {
    const { columns } = batch;
    const { seen } = this;
    const last = batch.length === 0 ? 0 : columns.flowEndMilliseconds[batch.length - 1]!;
    if (this.ends.size > 100_000) for (const [key, end] of this.ends) if (end < last - 2 * 3_600_000) this.ends.delete(key);
    for (let row = 0; row < batch.length; row++) {
      const fromAsset = columns.assetSide[row] === AssetSide.source;
      const peer = fromAsset ? columns.destinationIPv6Address : columns.sourceIPv6Address;
      seen.asset = columns.asset.dictionary.name(columns.asset.codes[row]!);
      seen.peer = formatAddress(peer.bytes, row * 16);
      seen.outside = this.claims.isOutside(peer.bytes, row * 16);
      const sourceBegan = columns.initiator[row] !== Initiator.destination;
      seen.began = sourceBegan === fromAsset;
      seen.answered = columns.completion[row] !== Completion.attempt && columns.reversePacketDeltaCount[row]! > 0;
      seen.startMs = columns.flowStartMilliseconds[row]!;
      seen.endMs = columns.flowEndMilliseconds[row]!;
      seen.protocol = columns.protocolIdentifier[row]!;
      const [from, to] = [columns.sourceTransportPort[row]!, columns.destinationTransportPort[row]!];
      seen.port = sourceBegan ? to : from;
      seen.octetsOut = fromAsset ? columns.octetDeltaCount[row]! : columns.reverseOctetDeltaCount[row]!;
      seen.octetsIn = fromAsset ? columns.reverseOctetDeltaCount[row]! : columns.octetDeltaCount[row]!;
      const key = `${seen.asset} ${seen.peer} ${from} ${to} ${seen.protocol}`;
      const before = this.ends.get(key);
      seen.starts = before === undefined || seen.startMs - before > PART_GAP_MS;
      if (seen.endMs - seen.startMs > 10_000 || !seen.starts) this.ends.set(key, seen.endMs);
      visit(seen);
    }
  }
}
