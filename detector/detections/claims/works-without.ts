import { formatDuration, MINUTE_MS } from '../../../flow/time.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import { type Stretch, Stretches } from '../../baseline/stretches.js';
import { type CompiledClaim, type CompiledClaims, type CompiledIsland, Truth } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { STRETCH } from '../../findings/judgement.js';
import { formatOctets } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import type { Detection, Evaluator, FindingFlow, ParameterTable, ParameterValues, UnitContext } from '../detection.js';
import { Level, type ObservedRecord } from '../observed-record.js';
import { estimateOf, recordsOf, shareWithin, sumOf } from '../recompute.js';
import { ruleTruth } from './rule-match.js';
import { WORKS_WITHOUT_EXAMPLES } from './works-without-examples.js';

const ID = 'works-without';

const PARAMETERS = {
  longestUnseenPercent: {
    default: 10,
    least: 0,
    most: 100,
    unit: '% of the stretch in which no record tells of the equipment at all, on end',
    reason:
      'Silence of the equipment and silence of its sensors look alike: where more than a tenth of a stretch is silent, too little alive in it breaks nothing, and proves nothing.',
  },
} as const satisfies ParameterTable;

export const worksWithout: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Does not work without its vendor',
  question: 'Does the equipment go on working when it has no contact with the vendor?',
  claimKinds: ['works_without'],
  attack: [
    { id: 'T1489', matrix: 'enterprise', version: '18.0' },
    { id: 'T1529', matrix: 'enterprise', version: '18.0' },
    { id: 'T0816', matrix: 'ics', version: '18.0' },
    { id: 'T0826', matrix: 'ics', version: '18.0' },
  ],
  severity: 'high',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'sourceTransportPort',
    'destinationTransportPort',
    'protocolIdentifier',
    'octetDeltaCount',
    'reverseOctetDeltaCount',
    'flowStartMilliseconds',
    'flowEndMilliseconds',
    'samplingInterval',
  ],
  history: 'none; a stretch as long as the claim says',
  falsePositives: [
    'The equipment was not used: a holiday, a strike, maintenance. Write an exception for the days.',
    'A connection to the vendor that lasts longer than the active timeout of the sensor, told only when it ends (conn.log): until then it is no contact.',
    'Alive traffic that takes a way that the sensors do not see.',
  ],
  runbook: [
    'When did the last contact end, and when did the last alive traffic? The time between the two is how long the equipment worked alone.',
    'Ask the operators whether the equipment was wanted in that time.',
    'Does it work again after the next contact? Then keep the records of both: that is what a kill switch, or a licence that ran out, looks like.',
  ],
  references: ['reference/assurance.md §1.5', 'IEC 62443-3-3 SR 5.2 RE 2 (island mode)'],
  examples: WORKS_WITHOUT_EXAMPLES,
  recompute: aliveWithin,
  concerns: (unit) => unit.claims.claims.some(({ island, subject }) => island !== undefined && fleetsOf(unit).has(subject)),
  evaluator: (unit, parameters) => new IslandWatch(unit, parameters),
};

/** Octets spread evenly over a record's minutes, flows where they begin, of what shows that the equipment works. */
function aliveWithin(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const island = claims.claims.find(({ id }) => id === finding.claim)?.island;
  if (island === undefined) return Number.NaN;
  const { windowFromMs, windowToMs } = finding;
  const alive = recordsOf(rows, claims).filter(
    (record) => ruleTruth(island.alive, claims.atomOf(record.peerBytes, record.peerOffset), record) !== Truth.no,
  );
  if (finding.unit === 'flows')
    return alive.filter(({ sessionStarts, startMs }) => sessionStarts && startMs >= windowFromMs && startMs < windowToMs).length;
  return sumOf(alive, (record) => {
    const startMs = Math.floor(record.startMs / MINUTE_MS) * MINUTE_MS;
    const endMs = (Math.floor(record.endMs / MINUTE_MS) + 1) * MINUTE_MS;
    return estimateOf(record, island.least.direction) * shareWithin({ startMs, endMs }, windowFromMs, windowToMs);
  });
}

/** One claim on one subject: the fleet, or one member of it. */
interface Watch {
  readonly claim: CompiledClaim;
  readonly island: CompiledIsland;
  /** Index into the assets; −1 for the fleet as a whole. */
  readonly asset: number;
  /** Behind the words of judgements. */
  readonly suffix: string;
  readonly matter: Matter;
  readonly stretches: Stretches;
}

function fleetsOf({ assets, claims }: UnitContext): ReadonlySet<number> {
  return new Set(assets.filter((asset) => !claims.assets[asset]!.auxiliary).map((asset) => claims.assets[asset]!.fleet));
}

class IslandWatch implements Evaluator {
  private readonly unit: UnitContext;
  private readonly longestUnseen: number;
  private readonly watches: readonly Watch[];
  /** Watches that a record of the asset adds to. */
  private readonly byAsset = new Map<number, readonly Watch[]>();
  /** Minute of record time that all watches have come to. */
  private newestMs = Number.NEGATIVE_INFINITY;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.longestUnseen = parameters.longestUnseenPercent / 100;
    const fleets = fleetsOf(unit);
    const claims = unit.claims.claims.filter((claim) => claim.island !== undefined && fleets.has(claim.subject));
    this.watches = claims.flatMap((claim) => this.watchesOf(claim, claim.island!));
    for (const asset of unit.assets) {
      const { fleet, auxiliary } = unit.claims.assets[asset]!;
      const own = this.watches.filter((watch) => watch.claim.subject === fleet && (watch.asset < 0 || watch.asset === asset));
      if (!auxiliary && own.length > 0) this.byAsset.set(asset, own);
    }
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (this.watches.length === 0 || record.retold) return;
    if (record.endMs > this.newestMs) this.advance(record, findings);
    const own = this.byAsset.get(record.asset);
    if (own === undefined || record.startMs >= this.unit.claims.effectiveUntilMs) return;
    const atom = this.unit.claims.atomOf(record.peerBytes, record.peerOffset);
    for (const { claim, island, stretches } of own) {
      // Somebody who calls and is not answered has no contact.
      const contact = record.level === Level.attempt ? Truth.no : ruleTruth(island.contact, atom, record);
      const alive = ruleTruth(island.alive, atom, record);
      // What may be contact, or may be alive, is no reason to call the claim broken, nor to call it kept.
      if (contact === Truth.unknown) findings.undecided(record, claim.index, island.contact.unknownBy(atom));
      if (alive === Truth.unknown) findings.undecided(record, claim.index, island.alive.unknownBy(atom));
      const { direction } = island.least;
      const octets = (direction === 'in' ? 0 : record.octetsOut) + (direction === 'out' ? 0 : record.octetsIn);
      const counts = alive !== Truth.no;
      const flows = counts && record.sessionStarts ? 1 : 0;
      stretches.add(record.startMs, record.endMs, contact !== Truth.no, counts ? octets * record.sampling : 0, flows);
    }
  }

  passed(record: ObservedRecord, findings: FindingSink): void {
    if (this.watches.length > 0 && record.endMs > this.newestMs) this.advance(record, findings);
  }

  save(writer: StateWriter): void {
    writer.f64(this.newestMs);
    for (const { stretches } of this.watches) stretches.save(writer);
  }

  load(reader: StateReader): void {
    this.newestMs = reader.f64();
    for (const { stretches } of this.watches) stretches.load(reader);
  }

  /** Any record of the unit moves the time of all. */
  private advance(record: ObservedRecord, findings: FindingSink): void {
    this.newestMs = record.endMs;
    for (const watch of this.watches) {
      const { stretches } = watch;
      const closedMs = stretches.closedToMs;
      // What comes after the claims is no part of their time, and was not added: it is not there to be missed.
      const settledMs = Math.min(stretches.settledAt(record.endMs), this.unit.claims.effectiveUntilMs);
      if (Number.isNaN(closedMs)) stretches.begin(record.endMs);
      else if (settledMs > closedMs) {
        const { toMs } = this.unit.claims.periodOf(closedMs);
        // What a period leaves open is told as it was at its end.
        if (settledMs > toMs) this.close(watch, toMs, record, findings);
        this.close(watch, settledMs, record, findings);
      }
    }
  }

  private close(watch: Watch, untilMs: number, record: ObservedRecord, findings: FindingSink): void {
    watch.stretches.close(untilMs, (stretch) => this.judgeStretch(watch, stretch, record, findings));
    const openMs = watch.stretches.openFromMs;
    this.note(watch, STRETCH.open, { fromMs: openMs, toMs: openMs, flows: 0, octets: 0 }, untilMs, findings);
  }

  private judgeStretch(watch: Watch, stretch: Stretch, record: ObservedRecord, findings: FindingSink): void {
    const { claim, island } = watch;
    const { claims } = this.unit;
    const { fromMs, toMs, octets, flows, longestUnseenMs } = stretch;
    if (fromMs < claims.effectiveFromMs || toMs > claims.effectiveUntilMs) return;
    const { least } = island;
    if (octets >= least.octets && flows >= least.flows) {
      this.note(watch, STRETCH.held, { fromMs, toMs, flows: 1, octets }, toMs, findings);
      return;
    }
    if (longestUnseenMs > this.longestUnseen * island.forMs) {
      this.note(watch, STRETCH.unseen, { fromMs, toMs, flows: 1, octets }, toMs, findings);
      return;
    }
    // Nothing was there that an exception could match: it excuses by its days alone.
    const exception = claim.exceptions.findIndex((one) => one.fromMs < toMs && one.expiresMs > fromMs);
    if (exception >= 0) {
      findings.excuse(record, claim.index, exception);
      return;
    }
    this.report(watch, stretch, record, findings);
  }

  private report({ claim, island, asset, matter }: Watch, stretch: Stretch, record: ObservedRecord, findings: FindingSink): void {
    const { fromMs, toMs, octets, flows } = stretch;
    const { least } = island;
    const byOctets = octets < least.octets;
    const amounts = byOctets
      ? `${formatOctets(octets)} where ${formatOctets(least.octets)} at least`
      : `${flows} connections where ${Math.ceil(least.flows)} at least`;
    const period = this.unit.claims.periodOf(toMs - 1);
    findings.measure(record, {
      matter,
      observed: byOctets ? octets : flows,
      expected: byOctets ? least.octets : least.flows,
      unit: byOctets ? 'octets' : 'flows',
      periodFromMs: period.fromMs,
      periodToMs: period.toMs,
      windowFromMs: fromMs,
      windowToMs: toMs,
      confidence: 85,
      why: `${amounts} show that it works (${island.alive.text}), in ${formatDuration(toMs - fromMs)} without contact to ${island.contact.text} from ${formatInstant(fromMs)} on: claim '${claim.id}' says that it works without`,
      totals: { firstMs: fromMs, lastMs: toMs, octetsOut: 0, octetsIn: 0, packetsOut: 0, packetsIn: 0, records: 1, sessions: flows },
      subject: { fleet: claim.subject, asset },
    });
  }

  private note(
    { claim, suffix }: Watch,
    about: string,
    what: { fromMs: number; toMs: number; flows: number; octets: number },
    untilMs: number,
    findings: FindingSink,
  ): void {
    const periodFromMs = this.unit.claims.periodOf(untilMs - 1).fromMs;
    findings.stretch({ claim: claim.index, about: `${about}${suffix}`, periodFromMs, ...what });
  }

  private watchesOf(claim: CompiledClaim, island: CompiledIsland): Watch[] {
    const { severity } = claim;
    const byMember = island.least.scope === 'member';
    const matter: Matter = {
      detection: ID,
      claim: claim.index,
      part: 'stretch',
      scope: byMember ? 'member' : 'fleet',
      absence: true,
      rule: `${island.contact.text}, ${formatDuration(island.forMs)}; ${island.alive.text}`,
      severities: [severity, severity, severity, severity],
      most: Number.MAX_SAFE_INTEGER,
    };
    const make = (asset: number, suffix: string): Watch => {
      return { claim, island, asset, suffix, matter, stretches: new Stretches(island.forMs, island.settleMs) };
    };
    if (!byMember) return [make(-1, '')];
    const { assets } = this.unit.claims;
    return this.unit.assets
      .filter((asset) => assets[asset]!.fleet === claim.subject && !assets[asset]!.auxiliary)
      .map((asset) => make(asset, ` ${assets[asset]!.name}`));
  }
}
