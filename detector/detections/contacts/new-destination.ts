import { compareAddresses, lastAddress, parseAddress, parsePrefix } from '../../../flow/address.js';
import { formatDuration, SECOND_MS } from '../../../flow/time.js';
import type { AssetTimes } from '../../baseline/asset-times.js';
import { ByAsset } from '../../baseline/by-asset.js';
import { KnownKinds } from '../../baseline/known-kinds.js';
import type { NumberPool } from '../../baseline/number-pool.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import { SeenSet } from '../../baseline/seen-set.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { CompiledClaims, Severity } from '../../claims/compiled.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
import { byParameters } from '../by-parameters.js';
import { brokenPort } from '../claims/recompute-claims.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from '../detection.js';
import { type ExchangeTraits, responderPort, Trait, traitsOf } from '../exchange-traits.js';
import { learnedMatters } from '../learned-matters.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { beginsWithin, estimateOf, recordsOf, sumOf } from '../recompute.js';
import { NEW_DESTINATION_EXAMPLES } from './new-destination-examples.js';

const ID = 'new-destination';
const HOUR_MS = 3_600_000;
const NEW_DAY_HALF_LIFE_MS = 7 * 24 * HOUR_MS;

const PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 0,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason: 'Fourteen days hold two of everything that happens weekly (detection.md D02).',
  },
  leastScore: {
    default: 20,
    least: 0,
    most: 100,
    unit: 'score',
    reason:
      'A new peer alone scores 20, and closed equipment met 0 to 0.7 new peers an hour in the measured captures; raise to 40 for open networks.',
  },
  mostNewDays: {
    default: 2.5,
    least: 0.5,
    most: 10,
    unit: 'days with new peers, each counting half after a week',
    reason:
      'Closed equipment meets new peers on a day now and then, desks on nearly every working day (a steady value of 7): there a new peer alone is no news, a new port or a new side that begins is.',
  },
  findingsPerPeriod: {
    default: 50,
    least: 1,
    most: 10_000,
    unit: 'findings per unit and period',
    reason: 'An asset that meets more new peers a day is not closed equipment, or it scans; the rest is counted in one finding.',
  },
} as const satisfies ParameterTable;

/*
 * Score (detection.md D02, in hundredths): new peer 20, new network (/24, /48) 30, new responder's port 20, peer began where the asset met no
 * beginning peer in that network before 30. The document's weights for AS and country stand on the network until a geography is at hand.
 * Its factor "1 − prevalence in the fleet" is left out: an asset is judged from its own records alone, so that results do not depend on
 * which other assets share its partition.
 */
const WEIGHT = { peer: 20, network: 30, port: 20, reversed: 30 } as const;

const SEVERITIES: readonly [Severity, Severity, Severity, Severity] = ['info', 'low', 'low', 'medium'];
const INDUSTRIAL_SEVERITIES: readonly [Severity, Severity, Severity, Severity] = ['low', 'medium', 'high', 'high'];

export const newDestination: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'New destination',
  question: 'Whom does the equipment talk to today that it never talked to before?',
  claimKinds: [],
  attack: [
    { id: 'T1071', matrix: 'enterprise', version: '18.0' },
    { id: 'T1568.002', matrix: 'enterprise', version: '18.0' },
    { id: 'T1008', matrix: 'enterprise', version: '18.0' },
    { id: 'T1199', matrix: 'enterprise', version: '18.0' },
    { id: 'T0869', matrix: 'ics', version: '18.0' },
    { id: 'T0884', matrix: 'ics', version: '18.0' },
  ],
  severity: 'low',
  parameters: PARAMETERS,
  columns: ['sourceIPv6Address', 'destinationIPv6Address', 'sourceTransportPort', 'destinationTransportPort', 'protocolIdentifier'],
  history:
    '14 days of the asset’s records; it learns from the first record on and says until when. None for an industrial protocol that is spoken with somebody outside whom no claim admits: that is not learned silently',
  falsePositives: [
    'A new workstation or a new address of a known server (DHCP, renumbering).',
    'A server behind a name that moves through many addresses.',
    'An asset that was off or unseen during the learning period.',
    'Of industrial protocols: a vendor’s cloud that reads controllers over the internet; file sharing on a port that happens to be one of theirs.',
  ],
  runbook: [
    'Is the peer in a declared set? Then a claim admits it, and only its being new needs an explanation: ask for the change that brought it.',
    'Is it in none? Then no `only` claim covers the asset; write one.',
    'An industrial protocol across the border: close the way first, then ask who needs it; a vendor has a gateway for it.',
    'Close as expected when it is to stay: it goes into the claim draft. Close as incident when it is not: it is forgotten, and reported when it comes again.',
  ],
  references: ['reference/detection.md D02'],
  examples: NEW_DESTINATION_EXAMPLES,
  recompute: withNewPeer,
  evaluator: (unit, parameters) => new Novelty(unit, parameters),
};

/** All that the new peer exchanged on that port since it was first met, as far as it breaks no claim. */
function withNewPeer(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  if (finding.peerAddress === '::') return Number.NaN;
  const records = recordsOf(rows, claims).filter(
    (record) =>
      responderPort(record) === finding.port &&
      beginsWithin(record, finding) &&
      // A decision may have made it new in the middle of the period.
      record.startMs >= finding.firstSeenMs &&
      brokenPort(record, claims) === undefined,
  );
  return sumOf(records, estimateOf);
}

/*
 * Learning with consent (detection.md §4). Peers on the internet that no claim admits are remembered apart, in `outside`: they are met, not agreed to. When people
 * approve what the asset has learned, those that they accepted are known, the others are new when they are met again, and reported. Until somebody approves they are
 * known as all the others are, and wait in the list of `cordon baseline show`.
 */

/** What one asset has met: at most 6 × 20 KiB, and the prefixes that were accepted. */
interface Met {
  /** Peers outside that no claim admits. */
  outside: SeenSet;
  /** The same as met before the last approval; undefined before the first. */
  before: SeenSet | undefined;
  /** As accepted with the approvals: text, for snapshots, and parsed. */
  acceptedText: readonly string[];
  accepted: readonly AddressRange[];
  readonly peers: SeenSet;
  readonly networks: SeenSet;
  readonly ports: SeenSet;
  readonly beginners: SeenSet;
  /** Days on which peers were met for the first time, before the one that began at `newDayMs`, which is the latest; fading (see `mostNewDays`). */
  newDays: number;
  newDayMs: number;
  /** How often one of the sets has forgotten, as last seen. */
  forgettings: number;
  /** Kinds of exchange of which all is known: true until a set forgets, or somebody decides. */
  readonly known: KnownKinds;
}

interface AddressRange {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** Of assets whose learning nobody has approved. */
const NOBODY: readonly never[] = [];

const mattersOf = byParameters(({ warmUpHours, findingsPerPeriod }: ParameterValues<typeof PARAMETERS>) => {
  const matter = learnedMatters(ID, findingsPerPeriod);
  return {
    new: matter('', `peer not met in the ${formatDuration(warmUpHours * HOUR_MS)} of learning or since`, SEVERITIES),
    industrial: matter(
      'industrial',
      'industrial protocol with a peer outside that no claim admits, on the day of the first meeting',
      INDUSTRIAL_SEVERITIES,
    ),
  };
});

class Novelty implements Evaluator {
  readonly outlastsClocks = true;
  private readonly warmUpMs: number;
  private readonly leastScore: number;
  private readonly mostNewDays: number;
  private readonly matters: Readonly<Record<'new' | 'industrial', Matter>>;
  private readonly traits: ExchangeTraits;
  private readonly claims: CompiledClaims;
  /** By asset. */
  private readonly met = new ByAsset<Met>();
  private readonly hashes = hashesAtHand;
  private readonly pool: NumberPool;
  private readonly times: AssetTimes;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.claims = unit.claims;
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.leastScore = parameters.leastScore;
    this.mostNewDays = parameters.mostNewDays;
    this.pool = unit.pool;
    this.times = unit.times;
    this.matters = mattersOf(parameters);
    this.traits = traitsOf(unit);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const { startMs, periodFromMs } = record;
    const met = this.metBy(record.asset);
    // A record of a kind that was found to be known, by a record of that second or one before, would be told the same and would change nothing in any set.
    if (met.known.knows(record.kindSerial, Math.floor(startMs / SECOND_MS))) return;
    const learnedMs = this.times.firstMs(record.asset) + this.warmUpMs;
    const { hashes } = this;
    hashes.take(record.peerWords, record.peerWordsOffset);
    const began = record.initiator === Began.peer;
    const port = responderPort(record);
    const unclaimed = !record.admitted && !record.breaksClaim && this.isOutside(record);
    const industrial = unclaimed && (this.traits.of(record) & Trait.industrial) !== 0;
    const newSinceMs = industrial ? periodFromMs : Math.max(periodFromMs, learnedMs);
    const accepted = unclaimed && isAccepted(met, record);
    const peers = unclaimed ? met.outside : met.peers;
    const peerFirstMs = peers.meet(hashes.peerA, hashes.peerB, startMs, periodFromMs);
    const newPeer = peerFirstMs >= newSinceMs && !accepted;
    // A peer met before has brought its network along.
    const newNetwork =
      (newPeer || peerFirstMs === startMs) && met.networks.meet(hashes.networkA, hashes.networkB, startMs, periodFromMs) >= newSinceMs;
    const newPort = met.ports.meet((record.protocol << 16) | port, 0, startMs, periodFromMs) >= newSinceMs;
    const newBeginner = began && met.beginners.meet(hashes.networkA, hashes.networkB, startMs, periodFromMs) >= newSinceMs;
    remember(record, met, newPeer);
    if (record.breaksClaim) return;
    const isOpen = newDaysBefore(met, periodFromMs) > this.mostNewDays;
    // While everything is new nothing is: days count from the second half of learning on.
    if (peerFirstMs === startMs && startMs >= learnedMs - this.warmUpMs / 2) countNewDay(met, periodFromMs);
    if (!newPeer || (isOpen && !newPort && !newBeginner)) return;
    // Doors on the internet are tried all day: while learning only what was answered is told.
    if (industrial && record.level < Level.established && startMs < learnedMs) return;
    const score = WEIGHT.peer + (newNetwork ? WEIGHT.network : 0) + (newPort ? WEIGHT.port : 0) + (newBeginner ? WEIGHT.reversed : 0);
    if (score < this.leastScore) return;
    const disagreed = unclaimed && met.before?.has(hashes.peerA, hashes.peerB) === true;
    const news = ['peer', newNetwork ? 'network' : '', newPort ? 'port' : '', newBeginner ? 'side that begins' : ''].filter(
      (word) => word !== '',
    );
    findings.contribute(record, {
      matter: industrial ? this.matters.industrial : this.matters.new,
      port,
      confidence: industrial ? 75 : Math.min(100, score),
      why: industrial
        ? `an industrial protocol (${formatPort(record.protocol, port)}) is spoken with somebody outside whom no claim admits, and who was never met before`
        : disagreed
          ? `met while learning, and not accepted when what the asset had learned was approved (score ${score})`
          : `never met before: ${news.join(', ')} (score ${score})`,
    });
  }

  decided(asset: number, { does, peer, accepted }: FollowedDecision): void {
    const met = this.met.get(asset);
    met?.known.clear();
    if (does === 'approve') this.approve(asset, met, accepted);
    else if (met !== undefined && peer !== '' && !peer.includes('/')) this.unlearn(met, peer);
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.met.get(asset) !== undefined ? this.times.learningUntil(asset, this.warmUpMs, nowMs) : undefined;
  }

  save(writer: StateWriter): void {
    writer.byAsset(this.met, (met) => {
      writer.f64(met.newDays);
      writer.f64(met.newDayMs);
      for (const set of [met.peers, met.networks, met.ports, met.beginners, met.outside]) set.save(writer);
      writer.u32(met.before === undefined ? 0 : 1);
      met.before?.save(writer);
      writer.text(JSON.stringify(met.acceptedText));
    });
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const met = this.metBy(reader.u32());
      met.newDays = reader.f64();
      met.newDayMs = reader.f64();
      for (const set of [met.peers, met.networks, met.ports, met.beginners, met.outside]) set.load(reader);
      if (reader.u32() === 1) {
        met.before = new SeenSet(this.pool);
        met.before.load(reader);
      }
      accept(met, JSON.parse(reader.text()) as string[]);
    }
  }

  private isOutside({ peerBytes, peerOffset }: ObservedRecord): boolean {
    return this.claims.isOutside(peerBytes, peerOffset);
  }

  /** An asset that has shown no record yet has learned nothing: what is accepted holds for what it will meet. */
  private approve(asset: number, met: Met | undefined, accepted: readonly string[]): void {
    const known = met ?? this.begin(asset);
    known.before = known.outside;
    known.outside = new SeenSet(this.pool);
    known.forgettings = -1;
    accept(known, accepted);
  }

  private unlearn(met: Met, peer: string): void {
    const { hashes } = this;
    hashes.take(new Uint32Array(parseAddress(peer).slice().buffer), 0);
    for (const set of [met.peers, met.outside]) set.forget(hashes.peerA, hashes.peerB);
    for (const set of [met.networks, met.beginners]) set.forget(hashes.networkA, hashes.networkB);
  }

  private metBy(asset: number): Met {
    return this.met.get(asset) ?? this.begin(asset);
  }

  private begin(asset: number): Met {
    const { pool } = this;
    const met: Met = {
      outside: new SeenSet(pool),
      before: undefined,
      acceptedText: NOBODY,
      accepted: NOBODY,
      peers: new SeenSet(pool),
      networks: new SeenSet(pool),
      ports: new SeenSet(pool),
      beginners: new SeenSet(pool),
      newDays: 0,
      newDayMs: Number.NEGATIVE_INFINITY,
      forgettings: 0,
      known: new KnownKinds(pool),
    };
    this.met.set(asset, met);
    return met;
  }
}

/** The record's kind is known from its second on, unless its peer is new. */
function remember({ startMs, kindSerial, retold }: ObservedRecord, met: Met, newPeer: boolean): void {
  const { known, peers, networks, ports, beginners, outside } = met;
  const forgettings = peers.forgettings + networks.forgettings + ports.forgettings + beginners.forgettings + outside.forgettings;
  if (forgettings !== met.forgettings) {
    met.forgettings = forgettings;
    known.clear();
  }
  // A session told anew is filed under the period of the record at hand: it tells nothing of its own.
  if (newPeer || retold) known.forget(kindSerial);
  else known.remember(kindSerial, Math.floor(startMs / SECOND_MS) + 1);
}

/** Days with new peers before the period at hand; the period's own day changes nothing within it, so that a finding is not cut off in its middle. */
function newDaysBefore({ newDays, newDayMs }: Met, periodFromMs: number): number {
  return periodFromMs > newDayMs ? (newDays + (newDayMs === Number.NEGATIVE_INFINITY ? 0 : 1)) * fading(periodFromMs - newDayMs) : newDays;
}

/** However many peers a day brings, it counts once: a scan does not blind for weeks. */
function countNewDay(met: Met, periodFromMs: number): void {
  if (periodFromMs <= met.newDayMs) return;
  met.newDays = newDaysBefore(met, periodFromMs);
  met.newDayMs = periodFromMs;
}

function fading(ms: number): number {
  return 2 ** (-ms / NEW_DAY_HALF_LIFE_MS);
}

function isAccepted({ accepted }: Met, { peerBytes, peerOffset }: ObservedRecord): boolean {
  return accepted.some(
    ({ first, last }) => compareAddresses(peerBytes, first, peerOffset) >= 0 && compareAddresses(peerBytes, last, peerOffset) <= 0,
  );
}

/** The last approval says it all: what it does not name is accepted no more. */
function accept(met: Met, accepted: readonly string[]): void {
  met.acceptedText = [...accepted];
  met.accepted = accepted.map(parsePrefix).map((prefix) => ({ first: prefix.bytes, last: lastAddress(prefix) }));
}
