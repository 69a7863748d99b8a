/** What to write instead, by the name of the definition in claims.schema.json that a value fails. */
export const REMEDIES: Readonly<Record<string, string>> = {
  id: "write lower-case letters, digits and hyphens, beginning with a letter, 63 at most: 'image-archive'",
  text: 'write one line of 1 to 500 characters without control or direction characters, in double quotes',
  tz: 'write UTC or an IANA name such as Europe/Amsterdam',
  date: 'write year-month-day in quotes: "2026-12-01"',
  instant: 'write an instant in UTC in quotes: "2026-12-03T02:00:00Z"',
  localtime: 'write a local date and time without zone in quotes: "2026-12-03T02:00"',
  duration: 'write an ISO 8601 duration of days, hours, minutes and seconds: P1D, PT3H, PT10M, PT1H30M',
  cidr: 'write an address or a prefix: "10.40.30.10", "10.40.20.0/24", "2001:db8::/32"',
  mac: 'write six lower-case hexadecimal pairs in quotes: "00:1b:24:aa:10:11"',
  dns: 'write a name in lower case, at most with a leading *. : "licence.vendor.example"',
  bytes: 'write a number with its unit: 600B, 64KiB, 20MiB, 1.5GiB, 2TiB',
  percent: 'write a percentage from 0 to 100 with its sign, in quotes: "99.9%"',
  port: 'write tcp/443, udp/53, tcp/8000-8099, sctp/3868, or a protocol alone: tcp, udp, sctp, icmp, icmpv6, esp, gre',
  country: 'write two capital letters (ISO 3166-1): NL',
  rrule:
    'write FREQ=DAILY, WEEKLY or MONTHLY first, then any of INTERVAL=n, COUNT=n, UNTIL=yyyymmdd, BYDAY=TH, BYMONTHDAY=1, with ; between',
  endpoint: 'write { sets: [image-archive] }, { cidr: ["10.40.30.0/24"] }, { fleets: [scanners] }, { internet: true } or { any: true }',
  fleet: 'write { vendor: "…", site: "…", members: [{ name: scan-1, ip: ["10.40.10.11"] }] }',
  member: 'write { name: scan-1, ip: ["10.40.10.11"] }, or subnet: "10.40.10.0/24", or mac: "00:1b:24:aa:10:11"',
  sensor: 'write { kind: ipfix, exporter: "10.40.0.1", sees: [north-south] }',
  window:
    'write start with rrule, or once, or tickets: required, and a duration: { start: "2026-12-03T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H }',
  rule: 'write { peer: { sets: [image-archive] }, ports: [tcp/445], initiator: subject }',
  ruleDuring: 'write { peer: { sets: [jump] }, ports: [tcp/22], during: [vendor-ticket] }',
  ruleBudget: 'write { peer: { any: true }, budget: { bytes: 20MiB, per: P1D } }',
  budget: 'write how much in which time: { bytes: 20MiB, per: P1D }, or flows: 100',
  assertion: 'write exactly one of only, never, authorised, budget, works_without, via',
  claim: 'write { id, text, subject, severity, assert, coverage }',
  coverage: 'write { sensors: [border-fw], time: "99%", max_gap: PT10M }',
  control: 'write the control as it is cited, 3 to 60 letters, digits and ./():_- : "NIST 800-53 SC-7(5)"',
  exception: 'write { id, claim, match, reason, owner, approved_by, ticket, from, expires }',
};

/** Example for a key that is missing. */
export const MISSING: Readonly<Record<string, string>> = {
  version: 'version: 1',
  id: 'id: port-scanners',
  owner: 'owner: ciso@customs.example',
  timezone: 'timezone: Europe/Amsterdam',
  fleets: 'fleets: { scanners: { vendor: "…", site: "…", members: [{ name: scan-1, ip: ["10.40.10.11"] }] } }',
  sensors:
    'sensors: { border-fw: { kind: ipfix, exporter: "10.40.0.1", sees: [north-south] } }; in coverage the names of sensors: sensors: [border-fw]',
  claims: 'claims: a list with one claim at least',
  text: 'text: "the sentence that an auditor reads"',
  subject: 'subject: the name of a fleet',
  severity: 'severity: info, low, medium, high or critical',
  assert: 'assert: { never: [{ peer: { internet: true } }] }',
  coverage: 'coverage: { sensors: [border-fw], time: "99%", max_gap: PT10M }',
  members: 'members: [{ name: scan-1, ip: ["10.40.10.11"] }]',
  peer: 'peer: { sets: [image-archive] }',
  during: 'during: [name of a window]',
  budget: 'budget: { bytes: 20MiB, per: P1D }',
  per: 'per: P1D',
  duration: 'duration: PT3H',
  max_gap: 'max_gap: PT10M',
  time: 'time: "99%"',
};

/** The known word that `word` was probably meant to be: at most two slips (three in long words) away, or the same but for _ and -. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const limit = word.length > 8 ? 3 : word.length > 3 ? 2 : 1;
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    const distance = plain(candidate) === plain(word) ? 0 : slips(word.slice(0, 64).toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance. */
function slips(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
