import { isEmptySet, isSubset, overlaps } from './address-space.js';
import type { ClaimSet, Declared } from './claim-set.js';
import type { Compilation } from './compile.js';
import type { ClaimText, EndpointText, RuleText } from './file-types.js';
import { portRanges } from './rules.js';
import type { DocumentPath } from './source.js';

/** Says a warning at a place of a declaration. */
export type Warn = (at: Declared<unknown>, path: DocumentPath, code: string, message: string) => void;

/** Regions of CLDR that ISO 3166-1 does not assign: unions, exceptional reservations, tests. */
const NOT_ISO_3166 = new Set(['AC', 'CP', 'CQ', 'DG', 'EA', 'EU', 'EZ', 'IC', 'QO', 'SU', 'TA', 'UK', 'UN', 'XA', 'XB', 'XK', 'ZZ']);
const REGIONS = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** Endpoints that cannot mean what they say: countries and AS numbers that nobody has on the internet, special addresses beside `internet`. */
export function lintEndpoint(endpoint: EndpointText, made: Compilation, at: Declared<unknown>, path: DocumentPath, warn: Warn): void {
  endpoint.country?.forEach((country, index) => {
    if (REGIONS.of(country) === undefined || NOT_ISO_3166.has(country))
      warn(
        at,
        [...path, 'country', index],
        'unknown-country',
        `'${country}' is no country of ISO 3166-1: it matches nothing; write a code such as NL`,
      );
  });
  endpoint.asn?.forEach((asn, index) => {
    if (isPrivateAsn(asn))
      warn(
        at,
        [...path, 'asn', index],
        'private-asn',
        `AS${asn} is for private use or reserved (RFC 6996, 7300): no public route has it; name addresses instead`,
      );
  });
  if (endpoint.internet !== true) return;
  endpoint.cidr?.forEach((cidr, index) => {
    const atoms = made.endpointOf({ cidr: [cidr] }).certain;
    if (isSubset(atoms, made.specialPurpose))
      warn(
        at,
        [...path, 'cidr', index],
        'bogon-in-internet',
        `${cidr} is no address of the internet (RFC 6890), yet stands beside 'internet'; give it a rule of its own`,
      );
  });
}

/** RFC 6996 §5, RFC 7300, RFC 6793 §9 (AS_TRANS). Those of documentation (RFC 5398) may stand in examples. */
function isPrivateAsn(asn: number): boolean {
  return (asn >= 64_512 && asn <= 65_535) || asn >= 4_200_000_000 || asn === 23_456;
}

/** A rule that allows what another claim about the same fleet always forbids: the flows it allows are violations all the same. */
export function lintShadowed(set: ClaimSet, made: Compilation, warn: Warn): void {
  for (const at of set.claims) {
    at.value.assert.only?.forEach((rule, index) => {
      const allowed = made.endpointOf(rule.peer).possible;
      const by = set.claims.find(
        ({ value }) => value.subject === at.value.subject && value.assert.never?.some((other) => forbidsAll(other, rule, allowed, made)),
      );
      if (by !== undefined)
        warn(
          at,
          ['assert', 'only', index],
          'shadowed-by-never',
          `the claim '${by.name}' forbids every flow that this rule allows; delete the rule or narrow that claim`,
        );
    });
  }
}

function forbidsAll(never: RuleText, rule: RuleText, allowed: Uint32Array, made: Compilation): boolean {
  if (never.during !== undefined || ((never.initiator ?? 'any') !== 'any' && never.initiator !== rule.initiator)) return false;
  const outer = portRanges(never);
  const inner = portRanges(rule);
  const ports =
    outer === undefined ||
    inner?.every((one) => outer.some((range) => range.protocol === one.protocol && range.from <= one.from && range.to >= one.to));
  return ports === true && !isEmptySet(allowed) && isSubset(allowed, made.endpointOf(never.peer).certain);
}

/** The sentence an auditor reads should say of what it speaks: a word of the fleet, its vendor, site, zone, models or members. */
export function lintSentence(set: ClaimSet, at: Declared<ClaimText>, warn: Warn): void {
  const fleet = set.fleets.get(at.value.subject)?.value;
  if (fleet === undefined) return;
  const about = [
    at.value.subject,
    fleet.vendor,
    fleet.site,
    fleet.zone ?? '',
    ...fleet.members.flatMap(({ name, model = '' }) => [name, model]),
  ];
  const stems = new Set(wordsOf(about.join(' ')));
  if (!wordsOf(at.value.text).some((word) => stems.has(word)))
    warn(
      at,
      ['text'],
      'text-without-subject',
      `the sentence names nothing of the fleet '${at.value.subject}': say of which equipment it speaks`,
    );
}

/** Words by their first four letters, so that 'scanner' and 'scanners' are one; words that say nothing of equipment are left out. */
function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/\p{L}[\p{L}\d]{2,}/gu) ?? []).map((word) => word.slice(0, 4));
}

/** Traffic with the outside needs a sensor that sees it; where members are in one network that is a matter of east-west (sensor-sees in lint.ts). */
export function lintPath(set: ClaimSet, made: Compilation, at: Declared<ClaimText>, rules: readonly RuleText[], warn: Warn): void {
  const sees = at.value.coverage.sensors.flatMap((name) => set.sensors.get(name)?.value.sees ?? []);
  const internet = made.endpointOf({ internet: true }).certain;
  if (sees.includes('north-south') || !rules.some(({ peer }) => overlaps(made.endpointOf(peer).certain, internet))) return;
  warn(
    at,
    ['coverage', 'sensors'],
    'sensor-sees',
    "the claim is about traffic with the internet, and none of its sensors sees north-south; name one, or say in 'residual' what stays unseen",
  );
}
