import { formatDuration, HOUR_MS } from '../../../flow/time.js';
import { LearnedRelations } from '../../baseline/learned-relations.js';
import { hashesAtHand } from '../../baseline/peer-hashes.js';
import type { StateReader, StateWriter } from '../../baseline/state.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { FollowedDecision } from '../../decisions/followed.js';
import type { Finding } from '../../findings/finding.js';
import type { FindingSink, Matter } from '../../findings/finding-sink.js';
import { formatPort } from '../../findings/quantity.js';
import {
  Attention,
  type Detection,
  type Evaluator,
  type FindingFlow,
  type ParameterTable,
  type ParameterValues,
  type UnitContext,
} from '../detection.js';
import { type ExchangeTraits, Trait, traitsOf } from '../exchange-traits.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { beginsWithin, estimateOf, recordsOf, sumOf } from '../recompute.js';
import { FOREIGN_RESOLVER_EXAMPLES } from './foreign-resolver-examples.js';

const ID = 'foreign-resolver';

const PARAMETERS = {
  warmUpHours: {
    default: 336,
    least: 0,
    most: 8760,
    unit: 'hours of record time since the first record of the asset',
    reason:
      'Where no claim names the resolver, the one that the asset asked for fourteen days is its own: the lab of benign-17h asks 1.1.1.1 and nobody else.',
  },
} as const satisfies ParameterTable;

const DNS_PORT = 53;
const UDP = 17;
/** DNS, DNS over TLS, DNS over HTTPS. */
const DOORS = [DNS_PORT, 853, 443] as const;

export const foreignResolver: Detection<typeof PARAMETERS> = {
  id: ID,
  title: 'Names asked elsewhere',
  question: 'Does the equipment ask somebody for names who is not its resolver?',
  claimKinds: ['only'],
  attack: [
    { id: 'T1071.004', matrix: 'enterprise', version: '18.0' },
    { id: 'T1572', matrix: 'enterprise', version: '18.0' },
    { id: 'T1568.002', matrix: 'enterprise', version: '18.0' },
    { id: 'T0869', matrix: 'ics', version: '18.0' },
  ],
  severity: 'medium',
  parameters: PARAMETERS,
  columns: [
    'sourceIPv6Address',
    'destinationIPv6Address',
    'destinationTransportPort',
    'protocolIdentifier',
    'initiator',
    'destinationNames',
  ],
  history:
    '14 days of the asset’s records; none for DNS over HTTPS or TLS where an `only` claim says by a rule for port 53 whom the asset asks. DNS over HTTPS is known by the addresses and names of public resolvers alone',
  falsePositives: [
    'A resolver that was replaced or added by the network’s administration: name it in a claim or a set.',
    'Programs that ask a public resolver to find out whether there is an internet.',
    'A public resolver’s address that serves web pages, too.',
  ],
  runbook: [
    'Does the asset still ask its own resolver? Both at a time speak for a program that brings its own.',
    'Unanswered questions show that the way out is closed; find out what asks.',
    'Close 53 and 853 to everybody but the resolver, and the addresses of public resolvers on 443.',
  ],
  references: ['reference/detection.md D16', 'RFC 7858', 'RFC 8484'],
  examples: FOREIGN_RESOLVER_EXAMPLES,
  recompute: recomputeForeignResolver,
  attends: (record, unit) => {
    const traits = traitsOf(unit).of(record);
    if (!mayBeForeign(record, traits)) return Attention.none;
    if ((traits & ASKS_NAMES) !== 0) return Attention.always;
    return record.peerPort === 443 ? Attention.told : Attention.none;
  },
  evaluator: (unit, parameters) => new ForeignResolver(unit, parameters),
};

class ForeignResolver implements Evaluator {
  readonly outlastsClocks = true;
  private readonly unit: UnitContext;
  private readonly traits: ExchangeTraits;
  private readonly learned: LearnedRelations;
  private readonly hashes = hashesAtHand;
  private readonly matter: Matter;
  /** By fleet. */
  private readonly pinned = new Map<number, boolean>();

  constructor(unit: UnitContext, parameters: ParameterValues<typeof PARAMETERS>) {
    this.unit = unit;
    this.traits = traitsOf(unit);
    this.learned = new LearnedRelations(unit, parameters.warmUpHours * HOUR_MS);
    this.matter = {
      detection: ID,
      claim: -1,
      part: '',
      scope: 'member',
      rule: 'resolver that is neither inside nor named by a claim, and was not asked while learning',
      severities: ['low', 'medium', 'medium', 'medium'],
      most: 50,
    };
  }

  judge(record: ObservedRecord, findings: FindingSink): void {
    const traits = this.traits.of(record);
    const plain = (traits & Trait.dns) !== 0;
    const https = (traits & Trait.dnsOverHttps) !== 0 || (record.peerIsNamedResolver && record.peerPort === 443);
    if (!plain && !https && (traits & Trait.dnsOverTls) === 0) return;
    if (!mayBeForeign(record, traits)) return;
    this.hashes.take(record.peerWords, record.peerWordsOffset);
    const { startMs, periodFromMs } = record;
    const { peerA, peerB } = this.hashes;
    const isNew = this.learned.meetsNew(record.asset, peerA, peerB, plain ? DNS_PORT : record.peerPort, startMs, periodFromMs);
    if (record.breaksClaim) return;
    const door = formatPort(record.protocol, record.peerPort);
    if (!plain && this.isPinned(record.fleet)) {
      // A rule that lets the asset use 443 does not mean that it may ask for names there.
      const why = `asks ${https ? 'a public resolver on' : 'for names on'} ${door}, where a claim says by its rule for port 53 whom it asks`;
      findings.contribute(record, { matter: this.matter, port: record.peerPort, confidence: 75, why });
      return;
    }
    if (!isNew || record.admitted) return;
    findings.contribute(record, {
      matter: this.matter,
      port: record.peerPort,
      confidence: https ? 65 : 80,
      why: `asks for names on ${door} somebody outside whom no claim or set names and whom it did not ask in ${formatDuration(this.learned.warmUpMs)} of learning`,
    });
  }

  decided(asset: number, { does, peer, port }: FollowedDecision): void {
    if (does !== 'unlearn' || peer === '' || peer.includes('/')) return;
    const { peerA, peerB } = this.hashes.takeText(peer);
    this.learned.forget(asset, peerA, peerB, port === 0 ? DOORS : [port]);
  }

  learningUntil(asset: number, nowMs: number): number | undefined {
    return this.learned.learningUntil(asset, nowMs);
  }

  save(writer: StateWriter): void {
    this.learned.save(writer);
  }

  load(reader: StateReader): void {
    this.learned.load(reader);
  }

  private isPinned(fleet: number): boolean {
    let pinned = this.pinned.get(fleet);
    if (pinned === undefined) {
      pinned = pinsResolver(this.unit.claims, fleet);
      this.pinned.set(fleet, pinned);
    }
    return pinned;
  }
}

const ASKS_NAMES = Trait.dns | Trait.dnsOverTls | Trait.dnsOverHttps;

/** The asset asks somebody on the internet whom no claim names. */
function mayBeForeign({ initiator }: ObservedRecord, traits: number): boolean {
  return initiator === Began.asset && (traits & Trait.publicPeer) !== 0 && (traits & Trait.declaredPeer) === 0;
}

/** True where an `only` claim of the fleet has a rule for DNS, and not one that merely takes all ports in. */
function pinsResolver(claims: CompiledClaims, fleet: number): boolean {
  return claims.fleets[fleet]!.claims.some((index) => {
    const claim = claims.claims[index]!;
    return claim.kind === 'only' && claim.rules.some((rule) => rule.matchesPort(UDP, DNS_PORT) && !rule.matchesPort(UDP, DNS_PORT + 1));
  });
}

function recomputeForeignResolver(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  if (finding.peerAddress === '::') return Number.NaN;
  const records = recordsOf(rows, claims).filter((record) => record.peerPort === finding.port && beginsWithin(record, finding));
  return sumOf(records, estimateOf);
}
