import type { FlowBatch } from '../../flow/batch.js';
import { INTERFACE_NUMBERS, type InterfaceCounters } from '../contracts.js';
import type { MinuteCounts } from './counts.js';

/** How many more interfaces may be followed; shared by all agents of a ledger. */
export interface InterfaceBudget {
  left: number;
}

/** Interface counters count whole Ethernet frames (RFC 2863 §3.1.4, RFC 3635): 14 octets of header and 4 of check sum around the IP packet … */
const FRAME_OCTETS = 18;
/** … 4 more of an 802.1Q tag … */
const TAG_OCTETS = 4;
/** … and 64 at least. */
const LEAST_FRAME_OCTETS = 64;
/** Octets that no interface passes in a millisecond (800 Gbit/s): a total that grew by more was set anew, or is forged. */
const MOST_OCTETS_PER_MS = 100_000_000;

interface Interface {
  inOctets: number;
  outOctets: number;
  atMs: number;
  /** Octets of the rows since then, as they are estimated to have passed here. */
  estimated: number;
}

/**
 * Holds what an agent's interface counters say against its flow samples (reference: assurance.md §2.4). Compared are, for each interface and between two of its
 * counter samples: the octets that the counters say came in and went out, and those of the rows whose ingress or egress interface it is, as Ethernet frames, times
 * their sampling interval. Both are booked when the second counter sample comes. What is not IP, what could not be read and what was lost is in the first alone;
 * an agent that samples its packets both where they come in and where they go out has twice its octets in the second.
 */
export class Interfaces {
  private readonly budget: InterfaceBudget;
  private readonly interfaces = new Map<number, Interface>();

  constructor(budget: InterfaceBudget) {
    this.budget = budget;
  }

  /** Adds rows `from` to `to` to what is estimated for their interfaces. */
  rows(batch: FlowBatch, from: number, to: number): void {
    if (this.interfaces.size === 0) return;
    const { ingressInterface, egressInterface, octetDeltaCount, packetDeltaCount, samplingInterval, vlanId } = batch.columns;
    for (let row = from; row < to; row++) {
      const ingress = this.interfaces.get(ingressInterface[row]!);
      const egress = this.interfaces.get(egressInterface[row]!);
      if (ingress === undefined && egress === undefined) continue;
      const packets = packetDeltaCount[row]!;
      const around = FRAME_OCTETS + (vlanId[row]! > 0 ? TAG_OCTETS : 0);
      const octets = Math.max(octetDeltaCount[row]! + packets * around, packets * LEAST_FRAME_OCTETS);
      const estimated = octets * Math.max(1, samplingInterval[row]!);
      if (ingress !== undefined) ingress.estimated += estimated;
      if (egress !== undefined) egress.estimated += estimated;
    }
  }

  /** Takes the counters of one message, whose rows were added before. */
  counters({ numbers, length }: InterfaceCounters, atMs: number, counts: MinuteCounts): void {
    for (let at = 0; at < length * INTERFACE_NUMBERS; at += INTERFACE_NUMBERS) {
      this.counter(numbers[at]!, numbers[at + 1]!, numbers[at + 2]!, atMs, counts);
    }
  }

  /** Forgets all: the agent restarted, or is itself forgotten. */
  clear(): void {
    this.budget.left += this.interfaces.size;
    this.interfaces.clear();
  }

  private counter(index: number, inOctets: number, outOctets: number, atMs: number, counts: MinuteCounts): void {
    if (!(inOctets >= 0 && outOctets >= 0)) return;
    const known = this.interfaces.get(index);
    if (known === undefined) {
      if (this.budget.left <= 0) return;
      this.budget.left--;
      this.interfaces.set(index, { inOctets, outOctets, atMs, estimated: 0 });
      return;
    }
    const grown = inOctets - known.inOctets + outOctets - known.outOctets;
    const ms = Math.max(1, atMs - known.atMs);
    if (inOctets >= known.inOctets && outOctets >= known.outOctets && grown <= ms * MOST_OCTETS_PER_MS) {
      counts.interfaceOctets += grown;
      counts.estimatedOctets += Math.round(known.estimated);
    }
    known.inOctets = inOctets;
    known.outOctets = outOctets;
    known.atMs = atMs;
    known.estimated = 0;
  }
}
