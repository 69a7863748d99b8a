/** A claim file with one of everything, sound; tests break it in one place each. */
export const BASE_CLAIMS = `version: 1
id: base
owner: ciso@customs.example
timezone: Europe/Amsterdam
period: P1D
effective: { from: "2026-12-01", until: "2027-12-01" }
sets:
  archive: { cidr: ["10.40.30.0/24", "2001:db8:30::/48"] }
  gateway: { cidr: ["10.40.9.4"] }
  both: { sets: [archive, gateway] }
fleets:
  scanners:
    vendor: Example
    site: Rotterdam
    members:
      - { name: scan-1, ip: ["10.40.10.11"], mac: "00:1b:24:aa:10:11" }
      - { name: scan-2, ip: ["10.40.10.12"] }
sensors:
  border-fw: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, heartbeat: PT1M, sees: [north-south, east-west] }
  access-sw: { kind: sflow5, exporter: "10.40.0.2", sampling: 512, sees: [east-west] }
windows:
  weekly: { start: "2026-12-03T02:00", rrule: "FREQ=WEEKLY;BYDAY=TH", duration: PT3H, overrun: PT5M }
  ticketed: { tickets: required, duration: PT4H, max_per_month: 4 }
claims:
  - id: closed
    text: "The scanners talk only to the archive and the gateway."
    subject: scanners
    severity: critical
    assert:
      only:
        - { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject, budget: { bytes: 60GiB, per: P1D } }
        - { peer: { sets: [gateway] }, ports: [tcp/22], initiator: peer, during: [weekly, ticketed] }
    coverage: { sensors: [border-fw], time: "99%", max_gap: PT10M, max_lost: "0.1%" }
  - id: quiet
    text: "Little leaves the scanners for anywhere but the archive."
    subject: scanners
    severity: high
    assert: { budget: [{ peer: { any: true, except: [both] }, budget: { bytes: 20MiB, per: P1D } }] }
    coverage: { sensors: [border-fw, access-sw], mode: any, time: "99%", max_gap: PT10M, detect: { bytes: 20MiB, confidence: "99.9%" } }
exceptions:
  - { id: ex-1, claim: closed, match: { peer: { cidr: ["10.40.40.5"] }, ports: [tcp/9100] }, reason: "printer pilot", owner: ops, approved_by: ciso, ticket: CHG-1, from: "2026-12-01", expires: "2027-01-15" }
`;

/** Approvals for the fleet of BASE_CLAIMS. */
export const BASE_APPROVALS = `{"ticket":"CHG-4711","fleet":"scanners","from":"2026-12-03T12:00:00Z","until":"2026-12-03T15:00:00Z","engineer":"e@vendor.example","source":"10.40.9.4","purpose":"patch","approved_by":"p@customs.example","approved_at":"2026-12-02T14:20:00Z"}
`;

/** BASE_CLAIMS with the one occurrence of \`from\` replaced. */
export function broken(from: string, to: string, text = BASE_CLAIMS): string {
  if (text.split(from).length !== 2) throw new Error(`'${from}' occurs ${text.split(from).length - 1} times in the base file`);
  return text.replace(from, () => to);
}

/** Line and column (from 1) of the first occurrence of \`needle\`, plus \`skip\` characters. */
export function placeOf(text: string, needle: string, skip = 0): { line: number; column: number } {
  const at = text.indexOf(needle);
  if (at < 0) throw new Error(`'${needle}' does not occur`);
  const before = text.slice(0, at + skip).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
