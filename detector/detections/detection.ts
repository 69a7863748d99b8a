import type { FlowColumnName } from '../../flow/columns.js';
import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import type { AssetTimes } from '../baseline/asset-times.js';
import type { LocalClock } from '../baseline/local-clock.js';
import type { NumberPool } from '../baseline/number-pool.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { VolumeTally } from '../baseline/volume-tally.js';
import type { ClaimKind, CompiledClaims, Severity } from '../claims/compiled.js';
import type { FollowedDecision } from '../decisions/followed.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink } from '../findings/finding-sink.js';
import type { ExchangeKinds } from '../sessions/exchange-kinds.js';
import type { ObservedRecord } from './observed-record.js';

/** A technique of MITRE ATT&CK and the version of the matrix in which its id was checked. */
export interface AttackReference {
  readonly id: string;
  readonly matrix: 'enterprise' | 'ics';
  readonly version: string;
}

/** A number that an operator may set, in the configuration under the detection's id. */
export interface Parameter {
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly reason: string;
}
export type ParameterTable = Readonly<Record<string, Parameter>>;
export type ParameterValues<P extends ParameterTable = ParameterTable> = { readonly [N in keyof P]: number };

/** One row of an example: what a record of the wire would say. */
export interface ExampleRow {
  /** ISO instant of the first packet, and how long the record lasts. */
  readonly at: string;
  readonly seconds?: number;
  /** `address port`, or an address alone for protocols without ports. */
  readonly from: string;
  readonly to: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly octets: number;
  /** Given: the record measured both directions. */
  readonly reverseOctets?: number;
  readonly flags?: string;
  readonly reverseFlags?: string;
  readonly sampling?: number;
  /** What the sensor recognised; names that `from` was told for `to`, separated by commas; MAC address of `from` as a number. */
  readonly application?: string;
  readonly icmpType?: number;
  readonly toNames?: string;
  readonly fromMac?: number;
  /** Packets out and back; left out: as many as the octets fill. */
  readonly packets?: number;
  readonly reversePackets?: number;
  /** Added to the source port with each repetition, so that each is a session of its own. */
  readonly portStep?: number;
  /** Added to the port of `to`, and to the last number of its IPv4 address, with each repetition: a scan. */
  readonly toPortStep?: number;
  readonly toAddressStep?: number;
  /** The row is repeated so often, each time later by `everySeconds`. */
  readonly times?: number;
  readonly everySeconds?: number;
}

/** A case that a test runs through the real engine: claims, rows, and whether this detection fires. */
export interface Example {
  readonly name: string;
  /** Text of a claim file. */
  readonly claims: string;
  readonly parameters?: Readonly<Record<string, number>>;
  readonly rows: readonly [ExampleRow, ...ExampleRow[]];
}

/** What one unit's share of a detection may look at beside the record. */
export interface UnitContext {
  readonly claims: CompiledClaims;
  /** Indexes into `claims.assets` of the unit's assets. */
  readonly assets: readonly number[];
  readonly clock: LocalClock;
  /** Of all units of the partition: rows for what is decided once per kind of exchange, and when the assets' records began. */
  readonly kinds: ExchangeKinds;
  readonly times: AssetTimes;
  /** What counts volumes for all detections that look at them. */
  readonly tally: VolumeTally;
  /** Where small tables of the units' assets are cut from. */
  readonly pool: NumberPool;
}

/** Which records of one kind of exchange a detection wants to see, as bits: those of which one of them holds. */
export const Attention = {
  none: 0,
  always: 1 << 0,
  /** The first of a session, and a session told anew. */
  starts: 1 << 1,
  /** Nobody has answered so far. */
  attempts: 1 << 2,
  /** No claim admits it. */
  strange: 1 << 3,
  /** The session has lasted LASTING_MS. */
  lasting: 1 << 4,
  /** The sensor told an application, or the peer by the name of a resolver. */
  told: 1 << 5,
  /** The sensor told the asset's MAC address. */
  mac: 1 << 6,
  /** The first of the asset, and the first at or after the time that a detection asked for (AssetTimes.wake). */
  due: 1 << 7,
  /** The session has lasted LONG_MS. */
  long: 1 << 8,
} as const;
/** What a session lasts that is no single question any more, and that is long for anybody. */
export const LASTING_MS = 5 * MINUTE_MS;
export const LONG_MS = HOUR_MS;

/** A detection at work on one unit. Constant memory per key; driven by the records alone; never reads the clock. */
export interface Evaluator {
  judge(record: ObservedRecord, findings: FindingSink): void;
  /**
   * The claims have ended (another version is in force since), and time has come to the end of this record, which that version judges: decides what was waiting
   * for the time. Of the record, asset, peer, ports, times, period and row are told, and no traffic.
   */
  passed?(record: ObservedRecord, findings: FindingSink): void;
  /** Somebody has decided about an asset (an index into `claims.assets`): forget its relation with a peer, or what it learned is agreed to. */
  decided?(asset: number, decision: FollowedDecision): void;
  /**
   * It is kept where records came from a clock that was ahead (AssetTimes.wasSetBack): it knows peers, whenever they were met, or begins anew what has to. Every other evaluator is made anew then, since
   * nothing would be newer than what it has counted for years.
   */
  readonly outlastsClocks?: true;
  /** The asset is still being learned until then (ms since the epoch); undefined: no learning, or done by `nowMs`. */
  learningUntil?(asset: number, nowMs: number): number | undefined;
  save(writer: StateWriter): void;
  load(reader: StateReader): void;
}

/**
 * A flow record of a finding's asset as an analyst finds it in the store, seen from the asset. What a finding says must follow from such rows alone:
 * `Detection.recompute` does the sum again (recompute.ts has what its sums share).
 */
export interface FindingFlow {
  /** Name of the asset that the row is filed under: a fleet's finding is about several. */
  readonly asset: string;
  readonly sensor: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly peer: string;
  readonly peerAsn: number;
  /** DNS names that the asset was told for the peer, separated by commas; and the peer's MAC address, 0 not known. */
  readonly peerNames: string;
  readonly peerMac: number;
  readonly protocol: number;
  readonly assetPort: number;
  readonly peerPort: number;
  readonly flagsOut: number;
  readonly flagsIn: number;
  /** Who began, as the store has it. */
  readonly initiator: 'unknown' | 'asset' | 'peer';
  readonly octetsOut: number;
  readonly octetsIn: number;
  readonly packetsOut: number;
  readonly packetsIn: number;
  readonly samplingInterval: number;
  /** The record measured both directions. */
  readonly biflow: boolean;
  /** MAC address of the asset, 0 not known; what the sensor recognised, '' not told. */
  readonly assetMac: number;
  readonly application: string;
}

/** What people read of a detection or a watch (detector/watches): documentation and the ATT&CK table derive from it. */
export interface DetectionCard<P extends ParameterTable = ParameterTable> {
  readonly id: string;
  readonly title: string;
  /** The analyst's question that it answers. */
  readonly question: string;
  readonly attack: readonly AttackReference[];
  /** Of a finding when nothing makes it worse. */
  readonly severity: Severity;
  readonly parameters: P;
  /** How much past it needs before it speaks. */
  readonly history: string;
  readonly falsePositives: readonly string[];
  readonly runbook: readonly string[];
  readonly references: readonly string[];
}

/** One detection: what it asks, what it needs, how it is read, and its evaluation. */
export interface Detection<P extends ParameterTable = ParameterTable> extends DetectionCard<P> {
  readonly claimKinds: readonly ClaimKind[];
  /** True where it looks at jump hosts as well, which are watched for the sake of a claim and are no members of a fleet. */
  readonly auxiliary?: boolean;
  readonly columns: readonly FlowColumnName[];
  readonly examples: {
    readonly fires: readonly [Example, ...Example[]];
    readonly silent: readonly [Example, ...Example[]];
  };
  /**
   * `observed` of a finding, computed anew from the rows of its asset, or of all assets of its fleet where it is the fleet's (those with its peer,
   * protocol and responder's port only, where it names a peer; port 0: any), that overlap its window, and from the claims that it was made under. NaN where those rows
   * do not tell (an overflow finding: what has a finding of its own is not in it). A test holds it against every example that fires.
   */
  readonly recompute: (finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims) => number;
  evaluator(unit: UnitContext, parameters: ParameterValues<P>): Evaluator;
  /** False where the claims give it nothing to do in this unit: then there is no evaluator. Left out: it always has. */
  concerns?(unit: UnitContext): boolean;
  /**
   * Which records of a kind of exchange it wants to see (Attention); of the others they would change nothing. Asked once per kind, with one of its records, of which only that counts
   * what makes the kind: asset, peer, protocol, responder's port, who began. An evaluator is made with the first record that it is to see. Left out: all, from the first on.
   */
  attends?(record: ObservedRecord, unit: UnitContext): number;
}
