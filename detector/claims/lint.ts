import { formatPrefix } from '../../flow/address.js';
import { DAY_MS } from '../../flow/time.js';
import { readDrillKey } from '../drills/key-file.js';
import { addAll, isEmptySet, isSubset, overlaps } from './address-space.js';
import type { Approval } from './approvals.js';
import { parseLocal } from './calendar.js';
import type { ClaimSet, Declared } from './claim-set.js';
import { type Compilation, endpointTexts } from './compile.js';
import type { ClaimText, RuleText } from './file-types.js';
import { lintDrills } from './lint-drills.js';
import { lintEndpoint, lintPath, lintSentence, lintShadowed, type Warn } from './lint-peers.js';
import { compileTexts, type NamedText, readClaimFiles } from './load.js';
import { type Locations, type LookupFiles, readLocations } from './location/location.js';
import { ClaimsError, type ClaimsProblem } from './problem.js';
import { portRanges } from './rules.js';
import type { DocumentPath } from './source.js';
import { ambiguousEdges } from './windows.js';

/** Exceptions are for a while; one that is needed longer belongs into the claim. */
export const MAX_EXCEPTION_DAYS = 90;
/** How far ahead clock changes are looked for at the edges of windows. */
const EDGE_HORIZON_MS = 730 * DAY_MS;

/** `error`: the file does not mean what it says, or cannot be loaded at all. `warning`: it may be meant, and an auditor would ask. */
export interface LintProblem extends ClaimsProblem {
  readonly severity: 'error' | 'warning';
}

/** All problems that loading would throw, as errors; where there are none, what looks wrong all the same. Sorted by file and line. */
export function lintClaims(paths: string | readonly string[], approvalsPath?: string, lookup: LookupFiles = {}): LintProblem[] {
  try {
    const { files, approvals } = readClaimFiles(paths, approvalsPath);
    return lintTexts(files, approvals, readLocations(lookup), readDrillKey(lookup.drillKey));
  } catch (error) {
    if (!(error instanceof ClaimsError)) throw error;
    return error.problems.map((problem) => ({ ...problem, severity: 'error' }));
  }
}

/** The same of texts in memory. */
export function lintTexts(
  files: readonly NamedText[],
  approvalsText?: NamedText,
  locations: Locations = {},
  drillKey?: Uint8Array,
): LintProblem[] {
  let compiled: ReturnType<typeof compileTexts>;
  try {
    compiled = compileTexts(files, approvalsText, locations, drillKey);
  } catch (error) {
    if (!(error instanceof ClaimsError)) throw error;
    return error.problems.map((problem) => ({ ...problem, severity: 'error' }));
  }
  const found: LintProblem[] = [];
  const context: Context = {
    set: compiled.set,
    made: compiled.compilation,
    say: (severity, at, path, code, message) => {
      found.push({ ...at.source.problem([...at.path, ...path], code, message), severity });
    },
  };
  lintUnused(context);
  lintFleets(context);
  lintWindows(context);
  for (const at of compiled.set.claims) lintClaim(context, at);
  lintMeaning(context);
  lintDrills(compiled.set, drillKey !== undefined, (at, path, code, message) => context.say('warning', at, path, code, message));
  lintExceptions(context);
  if (approvalsText !== undefined) lintApprovals(context, approvalsText.file, compiled.approvals, found);
  const order = new Map(files.map(({ file }, index) => [file, index]));
  return found.sort(
    (a, b) => (order.get(a.file) ?? files.length) - (order.get(b.file) ?? files.length) || a.line - b.line || a.column - b.column,
  );
}

interface Context {
  readonly set: ClaimSet;
  readonly made: Compilation;
  readonly say: (severity: LintProblem['severity'], at: Declared<unknown>, path: DocumentPath, code: string, message: string) => void;
}

function lintMeaning({ set, made, say }: Context): void {
  const warn: Warn = (at, path, code, message) => say('warning', at, path, code, message);
  for (const at of set.sets.values()) lintEndpoint(at.value, made, at, [], warn);
  for (const at of set.exceptions) lintEndpoint(at.value.match.peer, made, at, ['match', 'peer'], warn);
  for (const at of set.claims) {
    const rules = rulesOf(at.value);
    for (const { rule, path } of rules) lintEndpoint(rule.peer, made, at, [...path, 'peer'], warn);
    if (at.value.assert.only === undefined)
      lintPath(
        set,
        made,
        at,
        rules.map(({ rule }) => rule),
        warn,
      );
    lintSentence(set, at, warn);
  }
  lintShadowed(set, made, warn);
}

interface PlacedRule {
  readonly rule: RuleText;
  readonly path: DocumentPath;
}

/** Every rule of a claim and where it stands. */
function rulesOf(claim: ClaimText): PlacedRule[] {
  const { assert } = claim;
  const lists = (['only', 'never', 'authorised', 'budget'] as const).flatMap((kind) =>
    (assert[kind] ?? []).map((rule, index) => ({ rule, path: ['assert', kind, index] })),
  );
  return [
    ...lists,
    ...(assert.works_without === undefined ? [] : [{ rule: assert.works_without.alive, path: ['assert', 'works_without', 'alive'] }]),
    ...(assert.via === undefined ? [] : [{ rule: assert.via.to, path: ['assert', 'via', 'to'] }]),
  ];
}

function lintUnused({ set, say }: Context): void {
  const named = new Set(endpointTexts(set).flatMap((endpoint) => [...(endpoint.sets ?? []), ...(endpoint.except ?? [])]));
  const windows = new Set([
    ...set.claims.flatMap(({ value }) => rulesOf(value).flatMap(({ rule }) => rule.during ?? [])),
    ...set.exceptions.flatMap(({ value }) => value.match.during ?? []),
  ]);
  const subjects = new Set(set.claims.map(({ value }) => value.subject));
  for (const at of set.sets.values()) {
    if (!named.has(at.name))
      say('warning', at, [], 'unused-set', `no rule names the set '${at.name}', yet it is cut out of 'internet'; delete it or use it`);
  }
  for (const at of set.windows.values())
    if (!windows.has(at.name)) say('warning', at, [], 'unused-window', `no rule names the window '${at.name}'; delete it or use it`);
  for (const at of set.fleets.values())
    if (!subjects.has(at.name))
      say('warning', at, [], 'unclaimed-fleet', `no claim is about the fleet '${at.name}': it is watched and never judged`);
}

/** The same address in two fleets: its records would be filed under one of them only. */
function lintFleets({ set, made, say }: Context): void {
  const fleets = [...set.fleets.values()].map((at) => ({ at, atoms: made.space.union(made.prefixesOfFleet.get(at.name) ?? []) }));
  const taken = made.space.none();
  fleets.forEach(({ at, atoms }, index) => {
    const suspects = overlaps(atoms, taken) ? fleets.slice(0, index) : [];
    addAll(taken, atoms);
    for (const earlier of suspects) {
      if (!overlaps(atoms, earlier.atoms)) continue;
      const shared = atoms.map((word, position) => word & earlier.atoms[position]!);
      const example = made.space.exampleOf(shared);
      const where = example === undefined ? '' : `, ${formatPrefix(example)} for one`;
      say(
        'error',
        at,
        [],
        'overlapping-fleets',
        `fleets '${at.name}' and '${earlier.at.name}' share addresses${where}; an address belongs to one fleet`,
      );
    }
    const owner = new Map<string, string>();
    for (const [position, member] of at.value.members.entries()) {
      for (const text of [...(member.ip ?? []), ...(member.subnet === undefined ? [] : [member.subnet])]) {
        const earlier = owner.get(text);
        if (earlier !== undefined)
          say(
            'error',
            at,
            ['members', position],
            'duplicate-address',
            `${text} belongs to '${earlier}' already; an address belongs to one asset`,
          );
        owner.set(text, member.name);
      }
    }
  });
}

function lintWindows({ set, made, say }: Context): void {
  const { effectiveFromMs, effectiveUntilMs } = made.claims;
  const fleetsOf = (window: string): string[] => [
    ...new Set(
      set.claims.filter(({ value }) => rulesOf(value).some(({ rule }) => rule.during?.includes(window))).map(({ value }) => value.subject),
    ),
  ];
  for (const at of set.windows.values()) {
    const ticketed = at.value.tickets !== undefined;
    const horizon = Number.isFinite(effectiveUntilMs)
      ? effectiveUntilMs
      : Math.max(Number.isFinite(effectiveFromMs) ? effectiveFromMs : 0, parseLocal(at.value.start ?? '') ?? 0) + EDGE_HORIZON_MS;
    for (const fleet of ticketed ? fleetsOf(at.name) : ['']) {
      const all = made.windowOf(at.name, fleet).occurrences(ticketed ? Number.POSITIVE_INFINITY : horizon);
      if (all.some(({ fromMs, toMs }) => fromMs < effectiveUntilMs && toMs > effectiveFromMs)) continue;
      const why = ticketed
        ? `no valid approval for fleet '${fleet}' falls into it: whatever it guards is never authorised`
        : 'it never occurs while the claims are in force; look at start, rrule and effective';
      say('warning', at, [], 'window-without-occurrence', `window '${at.name}': ${why}`);
    }
    for (const edge of ambiguousEdges(at.value, set.timezone.value, horizon).slice(0, 1)) {
      say(
        'warning',
        at,
        [],
        'clock-change',
        `window '${at.name}' begins or ends at ${edge} local time, which the change of clocks skips or repeats; the first is taken (docs/claims.md), or move the window`,
      );
    }
  }
}

function lintClaim(context: Context, at: Declared<ClaimText>): void {
  const { set, made, say } = context;
  const claim = at.value;
  const kind = Object.keys(claim.assert)[0] ?? '';
  const subject = made.space.union(made.prefixesOfFleet.get(claim.subject) ?? []);
  for (const { rule, path } of rulesOf(claim)) {
    const endpoint = made.endpointOf(rule.peer);
    if (isEmptySet(endpoint.possible))
      say('error', at, [...path, 'peer'], 'empty-peer', "no address is left in this peer; look at what 'except' takes out");
    if (kind === 'never' && endpoint.keys.includes('dns')) {
      say(
        'error',
        at,
        [...path, 'peer'],
        'dns-in-never',
        "a name in 'never' proves nothing: the list of its addresses is never complete; forbid addresses, or allow names in 'only'",
      );
    }
    if (kind === 'only' && !rule.peer.any && overlaps(endpoint.certain, subject)) {
      say(
        'warning',
        at,
        [...path, 'peer'],
        'member-in-peer',
        `the allowed peer holds members of '${claim.subject}' itself: they may talk to each other; add except: [${claim.subject}] if that is not meant`,
      );
    }
    if (kind === 'never' && rule.peer.internet) lintInternet(context, at, path, endpoint.certain);
  }
  lintUnreachable(context, at, kind);
  lintTranslation(context, at, subject);
  const { notJudged } = made.claims.claims[set.claims.indexOf(at)]!;
  if (notJudged?.includes('(lookup)') === true)
    say('warning', at, [], 'no-location-data', `${notJudged} Until then the claim is NOT_PROVEN or VIOLATED, never VERIFIED`);
  const sees = claim.coverage.sensors.flatMap((name) => set.sensors.get(name)?.value.sees ?? []);
  const inside =
    kind !== 'via' &&
    rulesOf(claim).some(
      ({ rule }) => isSubset(made.endpointOf(rule.peer).certain, subject) && !isEmptySet(made.endpointOf(rule.peer).certain),
    );
  if (inside && !sees.includes('east-west')) {
    say(
      'warning',
      at,
      ['coverage', 'sensors'],
      'sensor-sees',
      "the claim is about traffic within the fleet, and none of its sensors sees east-west; name one, or say in 'residual' what stays unseen",
    );
  }
}

/** A sensor outside a NAT tells of translated addresses: members with private ones never show in its records. */
function lintTranslation({ set, made, say }: Context, at: Declared<ClaimText>, subject: Uint32Array): void {
  if (!overlaps(subject, made.specialPurpose)) return;
  at.value.coverage.sensors.forEach((name, index) => {
    if (set.sensors.get(name)?.value.nat !== 'outside') return;
    say(
      'error',
      at,
      ['coverage', 'sensors', index],
      'sensor-outside-nat',
      `sensor '${name}' sees addresses after translation, and '${at.value.subject}' has private ones: it can neither break nor prove this claim; name a sensor inside`,
    );
  });
}

/** Declared public addresses are no internet any more; who forbids the internet mostly means them too. */
function lintInternet({ set, made, say }: Context, at: Declared<ClaimText>, path: DocumentPath, certain: Uint32Array): void {
  const everything = made.endpointOf({ internet: true });
  for (const declared of set.sets.values()) {
    const cidr = declared.value.cidr;
    if (cidr === undefined) continue;
    const atoms = made.endpointOf({ cidr });
    const publicPart = atoms.certain.map((word, index) => word & ~everything.certain[index]! & ~made.specialPurpose[index]!);
    if (isEmptySet(publicPart) || isSubset(publicPart, certain)) continue;
    say(
      'warning',
      at,
      [...path, 'peer'],
      'internet-excludes-set',
      `'${declared.name}' is public, and as a declared set it is no part of 'internet'; add sets: [${declared.name}] if it is forbidden too`,
    );
  }
}

/** A rule whose every flow an earlier rule decides already. */
function lintUnreachable({ made, say }: Context, at: Declared<ClaimText>, kind: string): void {
  if (kind !== 'only' && kind !== 'never') return;
  const rules = rulesOf(at.value);
  rules.forEach(({ rule, path }, index) => {
    const covering = rules.slice(0, index).findIndex(({ rule: earlier }) => covers(made, earlier, rule));
    if (covering >= 0)
      say('warning', at, path, 'unreachable-rule', `rule ${covering + 1} decides every flow of this one; delete it or narrow the other`);
  });
}

function covers(made: Compilation, earlier: RuleText, rule: RuleText): boolean {
  if (earlier.during !== undefined || earlier.budget !== undefined || rule.budget !== undefined) return false;
  if ((earlier.initiator ?? 'any') !== 'any' && earlier.initiator !== rule.initiator) return false;
  const outer = portRanges(earlier);
  const inner = portRanges(rule);
  const ports =
    outer === undefined ||
    inner?.every((one) => outer.some((range) => range.protocol === one.protocol && range.from <= one.from && range.to >= one.to));
  return ports === true && isSubset(made.endpointOf(rule.peer).possible, made.endpointOf(earlier.peer).certain);
}

function lintExceptions({ set, say }: Context): void {
  for (const at of set.exceptions) {
    const { from, expires, owner, approved_by } = at.value;
    const days = ((parseLocal(expires) ?? 0) - (parseLocal(from) ?? 0)) / DAY_MS;
    if (days > MAX_EXCEPTION_DAYS)
      say(
        'error',
        at,
        ['expires'],
        'exception-too-long',
        `the exception holds ${days} days; ${MAX_EXCEPTION_DAYS} at most, then it is approved anew or becomes part of the claim`,
      );
    if (owner.trim().toLowerCase() === approved_by.trim().toLowerCase())
      say('error', at, ['approved_by'], 'self-approved', `'${owner}' approved their own exception; name another person`);
  }
}

function lintApprovals({ set, made }: Context, file: string, approvals: readonly Approval[], found: LintProblem[]): void {
  const say = (approval: Approval, code: string, message: string): void => {
    found.push({ file, line: approval.line, column: 1, path: '', code, message, severity: 'warning' });
  };
  for (const approval of approvals) {
    if (!set.fleets.has(approval.fleet))
      say(approval, 'unknown-name', `ticket ${approval.ticket} is for the fleet '${approval.fleet}', which these claims do not know`);
    if (approval.engineer.toLowerCase() === approval.approvedBy.toLowerCase())
      say(approval, 'self-approved', `ticket ${approval.ticket} was approved by the engineer it lets in`);
  }
  for (const window of set.windows.values()) {
    if (window.value.tickets === undefined) continue;
    for (const fleet of set.fleets.keys()) {
      for (const { approval, refused, shortened } of made.ticketsOf(window.name, fleet)) {
        if (refused === 'approved-late')
          say(approval, refused, `ticket ${approval.ticket} was approved after its time began; it opens no window`);
        else if (refused === 'too-many-tickets')
          say(
            approval,
            refused,
            `ticket ${approval.ticket} is beyond the ${window.value.max_per_month} a month that '${window.name}' allows; it opens no window`,
          );
        else if (shortened)
          say(
            approval,
            'shortened',
            `ticket ${approval.ticket} is longer than '${window.name}' allows; it ends ${window.value.duration} after its begin`,
          );
      }
    }
  }
}
