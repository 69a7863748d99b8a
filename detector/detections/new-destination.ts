import { formatDuration } from '../../flow/time.js';
import { PeerHashes } from '../baseline/peer-hashes.js';
import { SeenSet } from '../baseline/seen-set.js';
import type { StateReader, StateWriter } from '../baseline/state.js';
import type { CompiledClaims, Severity } from '../claims/compiled.js';
import type { Finding } from '../findings/finding.js';
import type { FindingSink, Matter } from '../findings/finding-sink.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from './detection.js';
import { NEW_DESTINATION_EXAMPLES } from './new-destination-examples.js';
import { Began, type ObservedRecord } from './observed-record.js';
import { beginsWithin, estimateOf, recordsOf, sumOf } from './recompute.js';
import { brokenPort } from './recompute-claims.js';

const ID = 'new-destination';
const HOUR_MS = 3_600_000;

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
  history: '14 days of the asset’s records; it learns from the first record on and says until when',
  falsePositives: [
    'A new workstation or a new address of a known server (DHCP, renumbering).',
    'A server behind a name that moves through many addresses.',
    'An asset that was off or unseen during the learning period.',
  ],
  runbook: [
    'Is the peer in a declared set? Then a claim admits it, and only its being new needs an explanation: ask for the change that brought it.',
    'Is it in none? Then no `only` claim covers the asset; write one.',
    'Close as expected when it is to stay: it is learned already and will not be reported again.',
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
    (record) => responderPort(record) === finding.port && beginsWithin(record, finding) && brokenPort(record, claims) === undefined,
  );
  return sumOf(records, estimateOf);
}

/** What one asset has met: at most 4 × 20 KiB. */
interface Met {
  firstMs: number;
  readonly peers: SeenSet;
  readonly networks: SeenSet;
  readonly ports: SeenSet;
  readonly beginners: SeenSet;
  /** How often one of the sets has forgotten, as last seen. */
  forgettings: number;
}

class Novelty implements Evaluator {
  private readonly warmUpMs: number;
  private readonly leastScore: number;
  private readonly matter: Matter;
  /** By asset. */
  private readonly met: (Met | undefined)[] = [];
  private readonly hashes = new PeerHashes();
  /*
   * Kinds of exchange with a peer that was found to be known, by a record of that start and period. A record that neither starts nor is filed earlier
   * would be told the same and would change nothing in any set, unless a set has forgotten: it need not ask.
   */
  private readonly knownSerial: Uint32Array;
  private readonly knownStartMs: Float64Array;
  private readonly knownPeriodMs: Float64Array;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.warmUpMs = parameters.warmUpHours * HOUR_MS;
    this.leastScore = parameters.leastScore;
    this.knownSerial = new Uint32Array(unit.kinds);
    this.knownStartMs = new Float64Array(unit.kinds);
    this.knownPeriodMs = new Float64Array(unit.kinds);
    this.matter = {
      detection: ID,
      claim: -1,
      part: '',
      scope: 'member',
      rule: `peer not met in the ${formatDuration(this.warmUpMs)} of learning or since`,
      severities: SEVERITIES,
      most: parameters.findingsPerPeriod,
    };
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const { kind, startMs, periodFromMs } = record;
    if (this.knownSerial[kind] === record.kindSerial && startMs >= this.knownStartMs[kind]! && periodFromMs >= this.knownPeriodMs[kind]!)
      return;
    const met = this.metBy(record.asset, startMs);
    const { hashes } = this;
    hashes.take(record.peerWords, record.peerWordsOffset);
    const began = record.initiator === Began.peer;
    const port = responderPort(record);
    const newSinceMs = Math.max(periodFromMs, met.firstMs + this.warmUpMs);
    const peerFirstMs = met.peers.meet(hashes.peerA, hashes.peerB, startMs, periodFromMs);
    const newPeer = peerFirstMs >= newSinceMs;
    // A peer met before has brought its network along.
    const newNetwork =
      (newPeer || peerFirstMs === startMs) && met.networks.meet(hashes.networkA, hashes.networkB, startMs, periodFromMs) >= newSinceMs;
    const newPort = met.ports.meet((record.protocol << 16) | port, 0, startMs, periodFromMs) >= newSinceMs;
    const newBeginner = began && met.beginners.meet(hashes.networkA, hashes.networkB, startMs, periodFromMs) >= newSinceMs;
    this.remember(record, met, newPeer);
    if (!newPeer || record.breaksClaim) return;
    const score = WEIGHT.peer + (newNetwork ? WEIGHT.network : 0) + (newPort ? WEIGHT.port : 0) + (newBeginner ? WEIGHT.reversed : 0);
    if (score < this.leastScore) return;
    const news = ['peer', newNetwork ? 'network' : '', newPort ? 'port' : '', newBeginner ? 'side that begins' : ''].filter(
      (word) => word !== '',
    );
    findings.contribute(record, {
      matter: this.matter,
      port,
      confidence: Math.min(100, score),
      why: `never met before: ${news.join(', ')} (score ${score})`,
    });
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    const met = this.met[asset];
    if (met === undefined) return undefined;
    const until = met.firstMs + this.warmUpMs;
    return nowMs < until ? until : undefined;
  }

  save(writer: StateWriter): void {
    writer.u32(this.met.filter((met) => met !== undefined).length);
    for (const [asset, met] of this.met.entries()) {
      if (met === undefined) continue;
      writer.u32(asset);
      writer.f64(met.firstMs);
      for (const set of [met.peers, met.networks, met.ports, met.beginners]) set.save(writer);
    }
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const met = this.metBy(reader.u32(), reader.f64());
      for (const set of [met.peers, met.networks, met.ports, met.beginners]) set.load(reader);
    }
  }

  private remember({ kind, kindSerial, startMs, periodFromMs }: ObservedRecord, met: Met, newPeer: boolean): void {
    const forgettings = met.peers.forgettings + met.networks.forgettings + met.ports.forgettings + met.beginners.forgettings;
    if (forgettings !== met.forgettings) {
      met.forgettings = forgettings;
      this.knownSerial.fill(0);
    }
    this.knownSerial[kind] = newPeer ? 0 : kindSerial;
    this.knownStartMs[kind] = startMs;
    this.knownPeriodMs[kind] = periodFromMs;
  }

  private metBy(asset: number, startMs: number): Met {
    let met = this.met[asset];
    if (met === undefined) {
      const [peers, networks, ports, beginners] = [new SeenSet(), new SeenSet(), new SeenSet(), new SeenSet()];
      met = { firstMs: startMs, peers, networks, ports, beginners, forgettings: 0 };
      this.met[asset] = met;
    }
    return met;
  }
}

/** The port that the finding goes under: the responder's, the lower when it is not known who responds. */
function responderPort(record: ObservedRecord): number {
  if (record.initiator === Began.asset) return record.peerPort;
  if (record.initiator === Began.peer) return record.assetPort;
  return Math.min(record.assetPort, record.peerPort);
}
