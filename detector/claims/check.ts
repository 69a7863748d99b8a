import { isIP } from 'node:net';
import { AddressError, type Prefix, parsePrefix, printable } from '../../flow/address.js';
import { nearest } from '../../flow/service/nearest.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { createTimeZone, parseLocal } from './calendar.js';
import type { ClaimSet, Declared } from './claim-set.js';
import { missProbability, packetsOf } from './detectability.js';
import type { AssertionText, BudgetText, ClaimText, DrillText, EndpointText, RuleText, WindowText } from './file-types.js';
import { parsePortRange } from './ports.js';
import { type ClaimsProblem, MAX_PROBLEMS } from './problem.js';
import { parseRecurrence, RecurrenceError } from './recurrence.js';
import type { DocumentPath } from './source.js';
import { durationMs, isCalendarDuration, parseOctets, parseShare } from './units.js';

type At = Declared<unknown>;
type Say = (at: At, path: DocumentPath, code: string, message: string, key?: string) => void;

/** Prefixes by their text, parsed once. */
export type PrefixCache = Map<string, Prefix>;

/**
 * Checks what a schema cannot: names that must exist, addresses, zones, dates, ranges, and combinations without meaning. Problems are added to `problems`.
 * Returns the prefixes it has parsed.
 */
export function checkClaimSet(set: ClaimSet, problems: ClaimsProblem[]): PrefixCache {
  const prefixes: PrefixCache = new Map();
  const say: Say = (at, path, code, message, key) => {
    if (problems.length < MAX_PROBLEMS) problems.push(at.source.problem([...at.path, ...path], code, message, key));
  };
  const context: Context = { set, say, prefixes };
  checkHeader(context);
  for (const at of set.sets.values()) {
    if (set.fleets.has(at.name))
      say(at, [], 'duplicate', `'${at.name}' is the name of a fleet as well, and 'except' could not tell them apart; rename one`);
    checkEndpoint(context, at, at.value, []);
    checkCircle(context, at);
  }
  checkFleets(context);
  for (const at of set.sensors.values()) {
    checkPrefix(context, at, at.value.exporter, ['exporter']);
    checkPositive(context, at, at.value.heartbeat, ['heartbeat']);
    checkPositive(context, at, at.value.active_timeout, ['active_timeout']);
  }
  for (const at of set.windows.values()) checkWindow(context, at, at.value);
  for (const at of set.drills.values()) checkDrill(context, at, at.value);
  checkUnique(context, set.claims, 'claim');
  checkUnique(context, set.exceptions, 'exception');
  for (const at of set.claims) checkClaim(context, at, at.value);
  for (const at of set.exceptions) {
    checkName(context, at, at.value.claim, new Map(set.claims.map((claim) => [claim.name, claim])), 'claim', ['claim']);
    checkRule(context, at, at.value.match, ['match'], 'exception');
    checkDates(context, at, at.value.from, at.value.expires, 'from', 'expires');
  }
  return prefixes;
}

interface Context {
  readonly set: ClaimSet;
  readonly say: Say;
  readonly prefixes: PrefixCache;
}

function checkHeader(context: Context): void {
  const { set, say } = context;
  checkZone(context, set.timezone, set.timezone.value, []);
  const periodMs = durationMs(set.period.value, 0);
  const calendar = isCalendarDuration(set.period.value);
  if (periodMs <= 0) say(set.period, [], 'out-of-range', "a 'period' must be longer than nothing; write P1D");
  else if (!calendar && (periodMs < HOUR_MS || DAY_MS % periodMs !== 0)) {
    say(
      set.period,
      [],
      'out-of-range',
      `a 'period' of ${set.period.value} does not divide a day; write P1D, P7D, or PT1H, PT2H, PT3H, PT4H, PT6H, PT8H, PT12H`,
    );
  }
  if (set.effective !== undefined) checkDates(context, set.effective, set.effective.value.from, set.effective.value.until, 'from', 'until');
}

function checkZone({ say }: Context, at: At, name: string, path: DocumentPath): void {
  try {
    createTimeZone(name);
  } catch {
    const meant = nearest(name, Intl.supportedValuesOf('timeZone'));
    say(
      at,
      path,
      'unknown-timezone',
      `'${printable(name)}' is no time zone; ${meant === undefined ? '' : `did you mean ${meant}? `}write UTC or an IANA name such as Europe/Amsterdam`,
    );
  }
}

function checkDates({ say }: Context, at: At, from: string, until: string | undefined, fromKey: string, untilKey: string): void {
  const known = [
    [fromKey, from],
    [untilKey, until],
  ] as const;
  for (const [key, text] of known)
    if (text !== undefined && parseLocal(text) === undefined)
      say(at, [key], 'bad-date', `the calendar has no ${text}; write a day that exists`);
  if (until !== undefined && until <= from)
    say(
      at,
      [untilKey],
      'bad-date',
      `'${untilKey}' (${until}) is not after '${fromKey}' (${from}); the day named is the first one no longer covered`,
    );
}

function checkFleets(context: Context): void {
  const { set, say } = context;
  const members = new Map<string, string>();
  for (const at of set.fleets.values()) {
    at.value.members.forEach((member, index) => {
      const path = ['members', index];
      const earlier = members.get(member.name);
      if (earlier !== undefined)
        say(
          at,
          [...path, 'name'],
          'duplicate',
          `'${printable(member.name)}' is a member of fleet ${earlier} already; an asset has one name and one fleet`,
        );
      else if (set.fleets.has(member.name))
        say(at, [...path, 'name'], 'duplicate', `'${printable(member.name)}' is the name of a fleet; choose another for the asset`);
      members.set(member.name, at.name);
      member.ip?.forEach((text, number) => {
        checkPrefix(context, at, text, [...path, 'ip', number]);
      });
      if (member.subnet !== undefined) checkPrefix(context, at, member.subnet, [...path, 'subnet']);
    });
  }
}

function checkDrill(context: Context, at: At, drill: DrillText): void {
  const { set, say, prefixes } = context;
  checkName(context, at, drill.fleet, set.fleets, 'fleet', ['fleet']);
  checkPrefix(context, at, drill.sink, ['sink']);
  if (durationMs(drill.every, 0) < MINUTE_MS)
    say(at, ['every'], 'out-of-range', "a drill's 'every' must be a minute at least; write for example PT10M");
  const members = set.fleets.get(drill.fleet)?.value.members ?? [];
  if (members.some(({ name }) => name === drill.probe)) return;
  if (isIP(drill.probe) === 0)
    say(
      at,
      ['probe'],
      'unknown-name',
      `'${printable(drill.probe)}' is neither a member of fleet '${drill.fleet}' nor an address; write who sends the drill`,
    );
  else if (!prefixes.has(drill.probe)) prefixes.set(drill.probe, parsePrefix(drill.probe));
}

function checkPrefix({ say, prefixes }: Context, at: At, text: string, path: DocumentPath): void {
  if (prefixes.has(text)) return;
  try {
    const prefix = parsePrefix(text);
    if (prefix.length < 96 && coversIPv4(prefix)) {
      say(
        at,
        path,
        'covers-ipv4',
        `'${text}' covers every IPv4 address too (RFC 4291 §2.5.5.2); write any: true for all addresses, 2000::/3 for global IPv6, 0.0.0.0/0 for all IPv4`,
      );
      return;
    }
    prefixes.set(text, prefix);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    say(at, path, error.message.includes('host bits') ? 'host-bits' : 'bad-address', error.message);
  }
}

/** True when ::ffff:0:0/96, where IPv4 addresses live, lies inside the prefix (shorter than 96 bits). */
function coversIPv4(prefix: Prefix): boolean {
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0);
  for (let bit = 0; bit < prefix.length; bit++) {
    const mask = 0x80 >> (bit & 7);
    if (((prefix.bytes[bit >> 3]! ^ mapped[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

function checkEndpoint(context: Context, at: At, endpoint: EndpointText, path: DocumentPath): void {
  const { set, say } = context;
  const positive = Object.keys(endpoint).filter((key) => key !== 'except' && key !== 'note');
  if (positive.length === 0) {
    say(
      at,
      path,
      'empty-endpoint',
      endpoint.except === undefined
        ? 'names no address; add cidr, sets, fleets, internet: true or any: true'
        : "says what is taken out, but not of what; add any: true beside 'except'",
    );
  }
  endpoint.cidr?.forEach((text, index) => {
    checkPrefix(context, at, text, [...path, 'cidr', index]);
  });
  endpoint.sets?.forEach((name, index) => {
    checkName(context, at, name, set.sets, 'set', [...path, 'sets', index]);
  });
  endpoint.fleets?.forEach((name, index) => {
    checkName(context, at, name, set.fleets, 'fleet', [...path, 'fleets', index]);
  });
  // Made for few endpoints only: of a thousand sets, for each of a thousand rules, it is most of the work.
  const either = endpoint.except === undefined ? undefined : new Map<string, unknown>([...set.sets, ...set.fleets]);
  endpoint.except?.forEach((name, index) => {
    checkName(context, at, name, either!, 'set or fleet', [...path, 'except', index]);
  });
}

function checkName({ say }: Context, at: At, name: string, known: ReadonlyMap<string, unknown>, what: string, path: DocumentPath): void {
  if (known.has(name)) return;
  const names = [...known.keys()];
  const meant = nearest(name, names);
  const list = names.length === 0 ? 'none is declared' : `declared: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`;
  say(at, path, 'unknown-name', `no ${what} is called '${name}'; ${meant === undefined ? list : `did you mean '${meant}'?`}`);
}

/** Sets may name sets, but not, over any number of steps, themselves. */
function checkCircle({ set, say }: Context, at: Declared<EndpointText>): void {
  const seen = new Set<string>();
  const open = [...(at.value.sets ?? []), ...(at.value.except ?? [])];
  while (open.length > 0) {
    const name = open.pop()!;
    if (name === at.name) {
      say(at, [], 'circle', `set '${at.name}' is made of itself; take it out of 'sets' or 'except' on the way`);
      return;
    }
    if (seen.has(name)) continue;
    seen.add(name);
    const next = set.sets.get(name)?.value;
    open.push(...(next?.sets ?? []), ...(next?.except ?? []));
  }
}

function checkPositive({ say }: Context, at: At, text: string | undefined, path: DocumentPath): void {
  if (text !== undefined && durationMs(text, 0) <= 0)
    say(at, path, 'out-of-range', `'${String(path.at(-1))}' must be longer than nothing; write for example PT5M`);
}

function checkWindow(context: Context, at: Declared<WindowText>, window: WindowText): void {
  const { say } = context;
  checkPositive(context, at, window.duration, ['duration']);
  if (window.timezone !== undefined) checkZone(context, at, window.timezone, ['timezone']);
  if (window.start !== undefined && parseLocal(window.start) === undefined)
    say(at, ['start'], 'bad-date', `the calendar has no ${window.start}; write a date and time that exist`);
  if (window.max_per_month !== undefined && window.tickets === undefined)
    say(at, [], 'no-meaning', "'max_per_month' counts tickets; it goes with tickets: required only", 'max_per_month');
  for (const [index, instant] of (window.once ?? []).entries()) {
    if (Number.isNaN(Date.parse(instant)))
      say(at, ['once', index], 'bad-date', `the calendar has no ${instant}; write an instant that exists`);
  }
  if (window.rrule === undefined) return;
  try {
    parseRecurrence(window.rrule);
  } catch (error) {
    if (!(error instanceof RecurrenceError)) throw error;
    say(at, ['rrule'], 'bad-rrule', error.message);
  }
}

function checkUnique({ say }: Context, list: readonly Declared<unknown>[], what: string): void {
  const seen = new Set<string>();
  for (const at of list) {
    if (seen.has(at.name))
      say(at, ['id'], 'duplicate', `another ${what} is called '${at.name}'; verdicts could not tell them apart, rename one`);
    seen.add(at.name);
  }
}

function checkClaim(context: Context, at: Declared<ClaimText>, claim: ClaimText): void {
  const { set, say } = context;
  checkName(context, at, claim.subject, set.fleets, 'fleet', ['subject']);
  checkAssertion(context, at, claim.assert);
  claim.coverage.sensors.forEach((name, index) => {
    checkName(context, at, name, set.sensors, 'sensor', ['coverage', 'sensors', index]);
    if (claim.coverage.sensors.indexOf(name) !== index)
      say(at, ['coverage', 'sensors', index], 'duplicate', `sensor '${name}' is named twice; keep one`);
  });
  checkPositive(context, at, claim.coverage.canary, ['coverage', 'canary']);
  checkDetectable(context, at, claim);
}

function checkAssertion(context: Context, at: At, assertion: AssertionText): void {
  for (const kind of ['only', 'never', 'authorised', 'budget'] as const) {
    assertion[kind]?.forEach((rule, index) => {
      checkRule(context, at, rule, ['assert', kind, index], kind);
    });
  }
  const without = assertion.works_without;
  if (without !== undefined) {
    const path = ['assert', 'works_without'];
    checkEndpoint(context, at, without.peer, [...path, 'peer']);
    checkPositive(context, at, without.for, [...path, 'for']);
    checkRule(context, at, without.alive, [...path, 'alive'], 'works_without');
    if (without.at_least !== undefined) checkBudget(context, at, without.at_least, [...path, 'at_least']);
  }
  const via = assertion.via;
  if (via !== undefined) {
    checkEndpoint(context, at, via.from, ['assert', 'via', 'from']);
    checkEndpoint(context, at, via.jump, ['assert', 'via', 'jump']);
    checkRule(context, at, via.to, ['assert', 'via', 'to'], 'via');
  }
}

/** Which kinds give `during` and `budget` a meaning; elsewhere they would be read and not judged. */
const DURING_KINDS: readonly string[] = ['only', 'authorised', 'exception'];
const BUDGET_KINDS: readonly string[] = ['only', 'budget'];

function checkRule(context: Context, at: At, rule: RuleText, path: DocumentPath, kind: string): void {
  const { set, say } = context;
  checkEndpoint(context, at, rule.peer, [...path, 'peer']);
  rule.ports?.forEach((text, index) => {
    if (parsePortRange(text) === undefined)
      say(
        at,
        [...path, 'ports', index],
        'bad-port',
        `'${text}' is no port or range; ports go from 1 to 65535, the lower one first: tcp/8000-8099`,
      );
  });
  rule.during?.forEach((name, index) => {
    checkName(context, at, name, set.windows, 'window', [...path, 'during', index]);
  });
  if (rule.during !== undefined && !DURING_KINDS.includes(kind)) {
    say(
      at,
      path,
      'no-meaning',
      `'during' has no meaning in '${kind}'; for what is allowed at certain times only, write an 'authorised' claim`,
      'during',
    );
  }
  if (rule.budget === undefined) return;
  if (!BUDGET_KINDS.includes(kind))
    say(at, path, 'no-meaning', `'budget' has no meaning in '${kind}'; write a claim of kind 'budget' beside it`, 'budget');
  checkBudget(context, at, rule.budget, [...path, 'budget']);
}

function checkBudget(context: Context, at: At, budget: BudgetText, path: DocumentPath): void {
  const { set, say } = context;
  checkPositive(context, at, budget.per, [...path, 'per']);
  const periodMs = durationMs(set.period.value, 0);
  const fits = isCalendarDuration(set.period.value) && durationMs(budget.per, 0) % periodMs === 0;
  if (isCalendarDuration(budget.per) && !fits) {
    say(
      at,
      [...path, 'per'],
      'bad-period',
      `a budget per ${budget.per} counts days of the calendar, and the 'period' of these claims is ${set.period.value}; write a multiple of a period of whole days, or hours for a sliding window: PT24H`,
    );
  }
  if (budget.bytes !== undefined && !Number.isFinite(parseOctets(budget.bytes)))
    say(at, [...path, 'bytes'], 'bad-value', `'${budget.bytes}' is no size; write 20MiB`);
}

/** What the declared sampling cannot show with the demanded confidence, no day can verify. */
function checkDetectable({ set, say }: Context, at: At, claim: ClaimText): void {
  const { detect, sensors, mode } = claim.coverage;
  if (detect === undefined) return;
  const allowed = 1 - parseShare(detect.confidence);
  const octets = parseOctets(detect.bytes);
  const blind = sensors.filter((name) => missProbability(packetsOf(octets), set.sensors.get(name)?.value.sampling ?? 1, 0) > allowed);
  if (blind.length === 0 || (mode === 'any' && blind.length < sensors.length)) return;
  const sampling = set.sensors.get(blind[0]!)?.value.sampling ?? 1;
  const chance = 100 * (1 - missProbability(packetsOf(octets), sampling, 0));
  say(
    at,
    ['coverage', 'detect'],
    'undetectable',
    `at 1:${sampling} sensor '${blind[0]}' sees a transfer of ${detect.bytes} with ${chance.toFixed(1)} %, not ${detect.confidence}; demand more bytes or less confidence, or name another sensor`,
  );
}
