import type { CompiledRule } from './compiled.js';

/** `works_without`: in every stretch of `forMs` without contact, the traffic of `alive` reaches `least`. */
export interface CompiledIsland {
  readonly forMs: number;
  /** Contact with the peer that the equipment is claimed not to need. */
  readonly contact: CompiledRule;
  readonly alive: CompiledRule;
  /** What must be seen in a stretch of `forMs`: the file's amount per its `per`, in proportion. 0 where it sets none. */
  readonly least: {
    readonly octets: number;
    readonly flows: number;
    readonly direction: 'out' | 'in' | 'both';
    readonly scope: 'member' | 'fleet';
  };
  /** Records of a minute may come so much later than the newest one. */
  readonly settleMs: number;
}

/** `via`: who comes from `from` comes by a jump host, with a session on it at the same time. Rules match what a session looks like from the end that it reaches. */
export interface CompiledVia {
  /** Who must not come directly: addresses that are certain. */
  readonly from: CompiledRule;
  /** Who opens a session on a jump host that counts: addresses that `from` may mean. */
  readonly entry: CompiledRule;
  readonly jump: CompiledRule;
  /** Its peer is the end that is reached: an address of the subject. */
  readonly to: CompiledRule;
  readonly skewMs: number;
  /** Records of the session on the jump host may come so much later than those behind it. */
  readonly settleMs: number;
  /** The claim's sensors see sessions that come to the jump hosts; otherwise only direct sessions are judged. */
  readonly inboundSeen: boolean;
}

/** A registered harmless flow that shows that the chain works (assurance.md §2.5). */
export interface CompiledDrill {
  readonly name: string;
  /** Index into `fleets`. */
  readonly fleet: number;
  /** Index into `assets`: who sends it. */
  readonly probe: number;
  readonly everyMs: number;
  /** First address of the sink, 16 bytes: where the drill is sent. */
  readonly sink: Uint8Array;
  isSink(bytes: Uint8Array, offset: number): boolean;
  /** Fixed destination port, 0 where the nonce gives it. */
  readonly port: number;
  /** Ports of a slot (whole number: time divided by `everyMs`); undefined where no key is configured. */
  portsOf(slot: number): DrillPorts | undefined;
}

export interface DrillPorts {
  readonly source: number;
  readonly destination: number;
}
