import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims, CompiledDrill } from '../claims/compiled.js';
import type { ObservedRecord } from '../detections/observed-record.js';
import type { FindingSink } from '../findings/finding-sink.js';

/** A drill is a few packets of a few octets. What exceeds this in one slot, records together, is judged as what it is. */
export const DRILL_LIMITS = { packets: 16, octets: 1024 } as const;
const UDP = 17;
/** A record may be dated one slot before or after the one in which it was sent: clocks, and records that begin at the edge. */
const SLACK_SLOTS = 1;
/** Slots whose sums are kept, of one drill. */
const KEPT_SLOTS = 4;

interface SlotSum {
  readonly slot: number;
  packets: number;
  octets: number;
}

/** Tells the drills of one unit from other traffic, before any claim judges them. What is recognised follows from the claims, the key and the records alone. */
export class DrillWatch {
  private readonly drills: readonly CompiledDrill[];
  private readonly sums: SlotSum[][];
  private readonly any: boolean;

  constructor(claims: CompiledClaims, assets: readonly number[]) {
    const own = new Set(assets);
    this.drills = claims.drills.filter(({ probe }) => own.has(probe));
    this.sums = this.drills.map(() => []);
    this.any = this.drills.length > 0;
  }

  /** True when the record is a drill: it has been counted, and nothing else may judge it. */
  takes(record: ObservedRecord, findings: FindingSink): boolean {
    if (!this.any || record.protocol !== UDP) return false;
    for (const [index, drill] of this.drills.entries()) {
      if (drill.probe !== record.asset || !drill.isSink(record.peerBytes, record.peerOffset)) continue;
      const slot = slotOf(drill, record);
      if (slot === undefined || !this.isSmall(index, slot, record)) continue;
      if (!record.retold) findings.drill(record, `${drill.name}@${slot * drill.everyMs}`);
      return true;
    }
    return false;
  }

  save(writer: StateWriter): void {
    writer.text(JSON.stringify(this.sums));
  }

  load(reader: StateReader): void {
    const saved = JSON.parse(reader.text()) as SlotSum[][];
    for (const [index, list] of saved.entries()) this.sums[index] = list;
  }

  private isSmall(index: number, slot: number, record: ObservedRecord): boolean {
    // Nobody answers from a sink.
    if (record.octetsIn > 0 || record.packetsIn > 0) return false;
    const sums = this.sums[index]!;
    let sum = sums.find((one) => one.slot === slot);
    if (sum === undefined) {
      sum = { slot, packets: 0, octets: 0 };
      sums.push(sum);
      if (sums.length > KEPT_SLOTS) sums.shift();
    }
    if (!record.retold) {
      sum.packets += record.packetsOut * record.sampling;
      sum.octets += record.octetsOut * record.sampling;
    }
    return sum.packets <= DRILL_LIMITS.packets && sum.octets <= DRILL_LIMITS.octets;
  }
}

/** The slot whose ports the record has, its own or a neighbour; undefined where it has none. */
function slotOf(drill: CompiledDrill, { startMs, assetPort, peerPort }: ObservedRecord): number | undefined {
  const own = Math.floor(startMs / drill.everyMs);
  for (let slot = own - SLACK_SLOTS; slot <= own + SLACK_SLOTS; slot++) {
    const ports = drill.portsOf(slot);
    if (ports !== undefined && ports.source === assetPort && ports.destination === peerPort) return slot;
  }
  return undefined;
}
