import type { Prefix } from '../../flow/address.js';
import type { WatchList } from '../../flow/watch-list.js';
import type { PortRange } from './ports.js';

/**
 * What the compiler makes of a claim file: flat tables that judging reads without making objects (design §2).
 * This file is the contract between the compiler (claims/) and everything that judges.
 *
 * Peers are judged by *atoms*: the compiler cuts the whole address space into disjoint ranges within which every endpoint of the file gives the
 * same answer, numbers them, and turns each endpoint (cidr, sets, fleets, internet, any, minus except) into a bit set over atoms.
 * So a record costs one binary search for its peer, and a bit test per rule. Prefixes of the operator's location data (country, AS number) are cut in
 * as well. DNS names and MAC addresses are no addresses: what a record tells of them are `PeerFacts`, and `CompiledRule.peerTruth` takes both.
 */
export interface CompiledClaims {
  readonly id: string;
  readonly owner: string;
  /** sha256 (hex) of the claim file and of what it draws on (approvals). Goes into every finding and verdict. */
  readonly hash: string;
  readonly timezone: string;
  /** Length of the verdict's calendar period in ms (P1D: calendar days in `timezone`). */
  readonly periodMs: number;
  readonly effectiveFromMs: number;
  readonly effectiveUntilMs: number;
  readonly fleets: readonly CompiledFleet[];
  /** In the order of `watchList.assets`. */
  readonly assets: readonly CompiledAsset[];
  readonly watchList: WatchList;
  readonly sensors: readonly CompiledSensor[];
  readonly claims: readonly CompiledClaim[];
  readonly drills: readonly CompiledDrill[];
  /** Number of the atom that the 16 bytes at `offset` lie in. */
  atomOf(bytes: Uint8Array, offset: number): number;
  readonly atomCount: number;
  /** The prefix that the atom is, without those of the atoms behind it that lie within; atoms are in the order of address and then of length. */
  prefixOfAtom(atom: number): Prefix;
  /** True for an address of the internet as `internet: true` means it: none of the special-purpose blocks, in no declared set and no fleet. */
  isOutside(bytes: Uint8Array, offset: number): boolean;
  /** Names and MAC addresses that rules name. */
  readonly peers: CompiledPeers;
  /** Location data that the claims draw on; part of `hash`. */
  readonly locations: readonly CompiledLocation[];
  /** True where some rule of the file names this protocol and port: helps to tell the responder's port from the initiator's. */
  isClaimedPort(protocol: number, port: number): boolean;
  /** Calendar period that an instant lies in: [from, to) in ms, by `timezone` and `periodMs`. */
  periodOf(ms: number): { readonly fromMs: number; readonly toMs: number };
  /** Name of the declared set (else fleet) that an address lies in, for people; '' when in none. */
  nameOf(bytes: Uint8Array, offset: number): string;
  /**
   * Where the location data at hand says that an address is, for people: '' and 0 where it does not tell, cannot be used, or there is none. Judges nothing, so it
   * may draw on data that is no part of `hash`.
   */
  placeOf(bytes: Uint8Array, offset: number): { readonly country: string; readonly asn: number };
}

/** Whether a peer is the one that a rule means: `unknown` where location data or the exporter does not tell. */
export const Truth = { no: 0, unknown: 1, yes: 2 } as const;
export type UnknownPeer = 'geo-unknown' | 'asn-unknown' | 'mac-unknown';

/** What a record tells of its peer beside the address, as numbers of `CompiledPeers`. */
export type PeerFacts = ReadonlySet<number>;

export interface CompiledPeers {
  /** True where some rule names a peer by DNS name, and by MAC address. */
  readonly tellsNames: boolean;
  readonly tellsMacs: boolean;
  /** Facts from the names, separated by commas, that the asset was told for the peer. */
  factsOfNames(names: string): readonly number[];
  /** Facts from the peer's MAC address as a 48-bit number; 0 is not known. */
  factsOfMac(mac: number): readonly number[];
}

/** Location data, told so that the same file can be found again. */
export interface CompiledLocation {
  readonly key: 'country' | 'asn';
  readonly name: string;
  /** Day it was built, '2026-11-01'; '' where the file does not tell. */
  readonly date: string;
  readonly sha256: string;
}

export interface CompiledFleet {
  readonly name: string;
  readonly vendor: string;
  readonly site: string;
  readonly zone: string;
  readonly criticality: 'low' | 'medium' | 'high' | 'vital';
  /** Indexes into `assets`. */
  readonly members: readonly number[];
  /** Indexes into `claims` whose subject this fleet is. */
  readonly claims: readonly number[];
}

export interface CompiledAsset {
  readonly name: string;
  /** Index into `fleets`. */
  readonly fleet: number;
  readonly unit: string;
  /** Watched for the sake of a claim or drill (jump host, probe) and no member of the fleet: no claim is about it. */
  readonly auxiliary: boolean;
}

export interface CompiledSensor {
  readonly name: string;
  readonly kind: string;
  /** Text of the exporter's prefix as declared. */
  readonly exporter: string;
  readonly domain: number | undefined;
  /** Declared 1:N; 0 not declared. */
  readonly samplingInterval: number;
  readonly activeTimeoutMs: number;
  /** Longest expected silence; 0 not declared. */
  readonly heartbeatMs: number;
  readonly sees: readonly string[];
}

export const CLAIM_KINDS = ['only', 'never', 'authorised', 'budget', 'works_without', 'via'] as const;
export type ClaimKind = (typeof CLAIM_KINDS)[number];
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface CompiledClaim {
  readonly id: string;
  /** Position in the file. */
  readonly index: number;
  readonly kind: ClaimKind;
  /** The sentence an auditor reads. */
  readonly text: string;
  readonly severity: Severity;
  /** Index into `fleets`. */
  readonly subject: number;
  readonly rules: readonly CompiledRule[];
  readonly exceptions: readonly CompiledException[];
  /** Of kind `works_without` and `via`, which have no rules. */
  readonly island: CompiledIsland | undefined;
  readonly via: CompiledVia | undefined;
  /** True where its peers are given by IPv6 addresses, directly or by sets and fleets. */
  readonly namesIPv6: boolean;
  readonly coverage: CoverageDemand;
  readonly residual: readonly string[];
  readonly supports: readonly string[];
  readonly source: { readonly who: string; readonly quote: string; readonly ref: string } | undefined;
  /** Why this version cannot judge the claim as a whole: it is judged by the rules that compiled, and its verdict is VIOLATED or NOT_PROVEN, never VERIFIED. */
  readonly notJudged: string | undefined;
  /** Location data that the claim's peers or exceptions draw on: its verdicts rest on it. */
  readonly locations: readonly CompiledLocation[];
}

export interface CompiledRule {
  /** Position within the claim, from 0. */
  readonly index: number;
  /** Short text for people: 'peer archive, tcp/445, initiated by subject'. */
  readonly text: string;
  /** By the address alone, unknown counted in favour of the asset: a rule that allows matches it, a rule that forbids does not. */
  matchesPeer(atom: number): boolean;
  /** Truth of the peer, by its address and by what else the record tells of it. Never `unknown` in claims that are `notJudged`. */
  peerTruth(atom: number, facts: PeerFacts): number;
  /** Why `peerTruth` is unknown there. */
  unknownBy(atom: number): UnknownPeer;
  /** True where the peer may be told by a DNS name. */
  readonly byName: boolean;
  /** `port` is the responder's; 0 for protocols without. */
  matchesPort(protocol: number, port: number): boolean;
  /** What `matchesPort` answers by; undefined: every protocol and port. */
  readonly ports: readonly PortRange[] | undefined;
  readonly initiator: 'subject' | 'peer' | 'any';
  /** Undefined: at any time. The record must lie entirely inside one of them (plus its overrun). */
  readonly during: readonly CompiledWindow[] | undefined;
  readonly budget: CompiledBudget | undefined;
}

export interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
  /** The approval that opened it, of windows that approvals open. */
  readonly grant?: { readonly ticket: string; readonly approvedBy: string };
}

export interface CompiledWindow {
  readonly name: string;
  /** True when [startMs, endMs] lies entirely inside one occurrence, its end extended by the overrun. */
  contains(startMs: number, endMs: number): boolean;
  /** Occurrences that overlap [fromMs, toMs), in the order of their begins, without the overrun. For people and the store, not for records. */
  opened(fromMs: number, toMs: number): readonly Interval[];
}

export interface CompiledBudget {
  /** Limits; Infinity where the claim sets none. */
  readonly octets: number;
  readonly flows: number;
  readonly perMs: number;
  /** Whole days count by the calendar of the file's time zone, others slide. */
  readonly calendar: boolean;
  readonly direction: 'out' | 'in' | 'both';
  readonly scope: 'member' | 'fleet';
}

export interface CompiledException {
  readonly id: string;
  readonly rule: CompiledRule;
  readonly reason: string;
  readonly ticket: string;
  readonly approvedBy: string;
  readonly fromMs: number;
  readonly expiresMs: number;
}

export interface CoverageDemand {
  /** Indexes into `sensors`. */
  readonly sensors: readonly number[];
  readonly mode: 'all' | 'any';
  /** Fractions 0–1; NaN where the claim demands none. */
  readonly time: number;
  readonly maxGapMs: number;
  readonly maxLost: number;
  readonly detectOctets: number;
  readonly detectConfidence: number;
  readonly canaryMs: number;
  readonly reconcile: number;
  readonly maxSkewMs: number;
}

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
