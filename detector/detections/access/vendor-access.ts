import { MINUTE_MS } from '../../../flow/time.js';
import { ByAsset } from '../../baseline/by-asset.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { CompiledWindow } from '../../claims/compiled.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatOctets } from '../../findings/quantity.js';
import { formatInstant } from '../../findings/time-span.js';
import { KindWord } from '../../sessions/exchange-kinds.js';
import { byParameters } from '../by-parameters.js';
import { Attention, type Detection, type Evaluator, type ParameterTable, type ParameterValues, type UnitContext } from '../detection.js';
import { type ExchangeTraits, Trait, traitsOf } from '../exchange-traits.js';
import { learnedMatters } from '../learned-matters.js';
import { Began, Level, type ObservedRecord } from '../observed-record.js';
import { REMOTE_CONTROL } from '../protocols/applications-table.js';
import { AccessHours, hourWords, LEARNED_MS, WEEKS_REMEMBERED } from './access-hours.js';
import { type SessionVolume, SessionVolumes } from './access-volumes.js';
import { agreedUntil, isWindowOpen, mayHaveWindows, windowsOf } from './access-windows.js';
import { VENDOR_ACCESS_EXAMPLES } from './vendor-access-examples.js';
import { recomputeVendorAccess } from './vendor-access-recompute.js';

const ID = 'vendor-access';

const PARAMETERS = {
  overrunMinutes: {
    default: 10,
    least: 1,
    most: 1440,
    unit: 'minutes beyond the agreed window and its own overrun',
    reason: 'Closing down takes minutes (detection.md D10).',
  },
  graceMinutes: {
    default: 5,
    least: 0,
    most: 60,
    unit: 'minutes that clocks may differ by',
    reason: 'Clocks of exporters, jump hosts and people (detection.md D10).',
  },
  leastMegabytes: {
    default: 10,
    least: 0.001,
    most: 1_000_000,
    unit: 'MB that one session took out',
    reason: 'What people read on a screen stays below; a table of a database does not.',
  },
  timesLargest: {
    default: 2,
    least: 1.1,
    most: 100,
    unit: 'times the largest of the last 64 agreed sessions, 8 at least',
    reason: 'The largest of 64 is about their 99th percentile (detection.md D10: P99 × 2).',
  },
} as const satisfies ParameterTable;

export const vendorAccess: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Remote access beyond the agreement',
  question: 'Did the vendor, or somebody unknown, come in at another time, from elsewhere, for longer or for more than agreed?',
  claimKinds: ['only', 'authorised'],
  attack: [
    { id: 'T1133', matrix: 'enterprise', version: '18.0' },
    { id: 'T1078', matrix: 'enterprise', version: '18.0' },
    { id: 'T1199', matrix: 'enterprise', version: '18.0' },
    { id: 'T1021', matrix: 'enterprise', version: '18.0' },
    { id: 'T1219', matrix: 'enterprise', version: '18.0' },
    { id: 'T0822', matrix: 'ics', version: '18.0' },
    { id: 'T0886', matrix: 'ics', version: '18.0' },
    { id: 'T0859', matrix: 'ics', version: '18.0' },
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
    'initiator',
    'samplingInterval',
    'applicationName',
  ],
  history: `none for agreed windows; the hours of access are learned for 4 weeks where no claim speaks of the peer, and remembered for ${WEEKS_REMEMBERED}. What happens outside agreed windows claim-violation reports`,
  falsePositives: [
    'An emergency call-out: the ticket belongs into the approvals, then the time is agreed.',
    'A vendor that changes its working hours: agree on windows.',
    'Behind a VPN concentrator or jump host with one address, several people are one source.',
    'A web console that is open to the internet, and therefore reached at any hour.',
  ],
  runbook: [
    'Is there a ticket for the time, and does it name this source?',
    'Ask the vendor who was logged in; compare with the jump host’s recording.',
    'More data than in any session before: which queries ran in that session? A dump of a table is one long transfer out.',
    'If nobody knows: end the session, lock the account, keep captures.',
  ],
  references: ['reference/detection.md D10', 'IEC 62443-3-3 SR 1.13', 'NIST 800-53 MA-4'],
  examples: VENDOR_ACCESS_EXAMPLES,
  recompute: recomputeVendorAccess,
  attends: (record, unit) => {
    const traits = traitsOf(unit).of(record);
    if (record.initiator !== Began.peer || (traits & Trait.groupPeer) !== 0) return Attention.none;
    // The operator's own people, where no claim agrees on times.
    if ((traits & Trait.publicPeer) === 0 && !mayHaveWindows(unit.claims, record)) return Attention.none;
    return (traits & Trait.management) === 0 ? Attention.told : Attention.always;
  },
  evaluator: (unit, parameters) => new VendorAccess(unit, parameters),
};

/** Kinds of access whose windows are remembered. A cache. */
const MOST_KINDS = 512;

/** Kept with a kind of exchange. */
const NO_WINDOWS = 1;

type Matters = Readonly<Record<'overrun' | 'source' | 'hour' | 'volume', Matter>>;

const mattersOf = byParameters(({ overrunMinutes, timesLargest }: ParameterValues<typeof PARAMETERS>): Matters => {
  const matter = learnedMatters(ID, 50);
  const hour = `hour of the week in which nobody from outside came in ${WEEKS_REMEMBERED} weeks`;
  return {
    overrun: matter('overrun', `session ${overrunMinutes} minutes beyond its agreed window`, ['medium', 'medium', 'medium', 'medium']),
    source: matter('source', 'source that no claim names, inside a window agreed for others', ['low', 'medium', 'high', 'high']),
    hour: matter('hour', hour, ['low', 'medium', 'medium', 'high']),
    volume: matter('volume', `${timesLargest} times what any agreed session took out before`, ['high', 'high', 'high', 'high']),
  };
});

class VendorAccess implements Evaluator {
  readonly outlastsClocks = true;
  private readonly unit: UnitContext;
  private readonly traits: ExchangeTraits;
  private readonly parameters: ParameterValues<typeof PARAMETERS>;
  private readonly overrunMs: number;
  private readonly matters: Matters;
  /** Of each asset to which somebody came. */
  private readonly hours = new ByAsset<AccessHours>();
  private readonly volumes = new ByAsset<SessionVolumes>();
  private windows: Map<number, readonly CompiledWindow[]> | undefined;

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.traits = traitsOf(unit);
    this.parameters = parameters;
    this.overrunMs = (parameters.overrunMinutes + parameters.graceMinutes) * MINUTE_MS;
    this.matters = mattersOf(parameters);
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    if (record.initiator !== Began.peer || record.level === Level.attempt) return;
    const traits = this.traits.of(record);
    if ((traits & Trait.management) === 0 && (record.application & REMOTE_CONTROL) === 0) return;
    if ((traits & Trait.groupPeer) !== 0) return;
    if (record.agreed) this.judgeVolume(record, findings);
    const windows = this.windowsFor(record);
    if (windows.length > 0) {
      if (!record.agreed) this.judgeOverrun(record, windows, findings);
      return;
    }
    // Private addresses without a claim are the operator's own people; others are outsiders, declared or not.
    if (record.breaksClaim || record.admitted || (traits & Trait.publicPeer) === 0) return;
    if (isWindowOpen(this.unit.claims, record)) {
      const why = 'came inside a window that a claim has agreed for others; no claim speaks of this source';
      findings.contribute(record, { matter: this.matters.source, port: record.assetPort, confidence: 75, why });
      return;
    }
    this.judgeHour(record, this.unit.times.firstMs(record.asset), findings);
  }

  decided(asset: number, { does, detection }: FollowedDecision): void {
    if (does === 'unlearn' && detection === ID) this.hours.get(asset)?.unlearn();
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.unit.times.learningUntil(asset, LEARNED_MS, nowMs);
  }

  save(writer: StateWriter): void {
    for (const table of [this.hours, this.volumes]) writer.byAsset<AccessHours | SessionVolumes>(table, (one) => one.save(writer));
  }

  load(reader: StateReader): void {
    for (let left = reader.u32(); left > 0; left--) this.hoursOf(reader.u32()).load(reader);
    for (let left = reader.u32(); left > 0; left--) this.volumesOf(reader.u32()).load(reader);
  }

  private judgeOverrun(record: ObservedRecord, windows: readonly CompiledWindow[], findings: FindingSink): void {
    const untilMs = agreedUntil(windows, record.sessionStartMs, record.endMs);
    if (untilMs === undefined || record.endMs - untilMs <= this.overrunMs) return;
    const minutes = (record.endMs - untilMs) / MINUTE_MS;
    this.measure(record, this.matters.overrun, {
      observed: minutes,
      expected: 0,
      unit: 'minutes',
      windowFromMs: record.sessionStartMs,
      confidence: 85,
      octetsOut: record.octetsOut,
      why: `a session that began in its agreed window went on ${Math.round(minutes)} minutes beyond ${formatInstant(untilMs)}, when the window and its overrun end`,
      findings,
    });
  }

  private judgeVolume(record: ObservedRecord, findings: FindingSink): void {
    if (record.retold || record.octetsOut === 0) return;
    const volumes = this.volumesOf(record.asset);
    const session = volumes.add(record);
    const largest = volumes.largestBut(session);
    const { leastMegabytes, timesLargest } = this.parameters;
    if (largest === undefined || session.octets < Math.max(leastMegabytes * 1e6, timesLargest * largest, 2 * session.told)) return;
    session.told = session.octets;
    this.tellVolume(record, session, timesLargest * largest, largest, findings);
  }

  private tellVolume(record: ObservedRecord, session: SessionVolume, expected: number, largest: number, findings: FindingSink): void {
    this.measure(record, this.matters.volume, {
      observed: session.octets,
      expected,
      unit: 'octets',
      windowFromMs: session.firstMs,
      confidence: 75,
      octetsOut: session.octets,
      why: `one agreed session took out ${formatOctets(session.octets)} since ${formatInstant(session.firstMs)}, where the largest of those before took ${formatOctets(largest)}`,
      findings,
    });
  }

  private judgeHour(record: ObservedRecord, firstMs: number, findings: FindingSink): void {
    const hours = this.hoursOf(record.asset);
    const { clock, claims } = this.unit;
    const graceMs = this.parameters.graceMinutes * MINUTE_MS;
    const at = record.sessionStartMs;
    hours.enter(clock, record.startMs);
    const isKnown = hours.has(clock, at) || hours.has(clock, at - graceMs) || hours.has(clock, at + graceMs);
    const wasReported = hours.wasReported(record.session);
    const isTold = wasReported || (!isKnown && record.startMs >= firstMs + LEARNED_MS);
    hours.mark(clock, record.startMs, record.endMs, isTold);
    if (isTold) {
      // Reported once, and known from then on: an hour that became usual must not be told every week.
      if (!wasReported) hours.report(record.session);
      const why = `a session from outside began ${hourWords(clock, at)} (${claims.timezone}), at an hour of the week in which nobody had come in ${WEEKS_REMEMBERED} weeks; no claim speaks of this peer`;
      findings.contribute(record, { matter: this.matters.hour, port: record.assetPort, confidence: 60, why });
    }
  }

  private measure(
    record: ObservedRecord,
    matter: Matter,
    said: {
      readonly observed: number;
      readonly expected: number;
      readonly unit: 'minutes' | 'octets';
      readonly windowFromMs: number;
      readonly confidence: number;
      readonly octetsOut: number;
      readonly why: string;
      readonly findings: FindingSink;
    },
  ): void {
    const { findings, octetsOut, ...measured } = said;
    findings.measure(record, {
      ...measured,
      matter,
      peerPort: record.assetPort,
      periodFromMs: record.periodFromMs,
      periodToMs: record.periodToMs,
      windowToMs: record.endMs + 1,
      totals: {
        firstMs: said.windowFromMs,
        lastMs: record.endMs,
        octetsOut,
        octetsIn: record.octetsIn,
        packetsOut: record.packetsOut,
        packetsIn: record.packetsIn,
        records: record.records,
        sessions: 1,
      },
    });
  }

  private windowsFor(record: ObservedRecord): readonly CompiledWindow[] {
    const { kinds } = this.unit;
    // Of nearly all.
    if (kinds.word(record, KindWord.windows) === NO_WINDOWS) return [];
    let windows = this.windows?.get(record.kindSerial);
    if (windows === undefined) {
      this.windows ??= new Map();
      if (this.windows.size >= MOST_KINDS) this.windows.clear();
      windows = windowsOf(this.unit.claims, record);
      if (windows.length === 0) {
        kinds.keep(record, KindWord.windows, NO_WINDOWS);
        return windows;
      }
      this.windows.set(record.kindSerial, windows);
    }
    return windows;
  }

  private hoursOf(asset: number): AccessHours {
    let hours = this.hours.get(asset);
    if (hours === undefined) {
      hours = new AccessHours();
      this.hours.set(asset, hours);
    }
    return hours;
  }

  private volumesOf(asset: number): SessionVolumes {
    let volumes = this.volumes.get(asset);
    if (volumes === undefined) {
      volumes = new SessionVolumes();
      this.volumes.set(asset, volumes);
    }
    return volumes;
  }
}
