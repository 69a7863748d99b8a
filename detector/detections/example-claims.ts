/** A small claim file for the examples: one scanner of a closed network. `assert` is the text of one claim's assertion, in YAML flow style. */
export function exampleClaims(assert: string, more: { windows?: string; exceptions?: string; period?: string } = {}): string {
  return `version: 1
id: example
owner: security-office@example.org
timezone: Europe/Amsterdam
period: ${more.period ?? 'P1D'}
effective: { from: "2026-01-01" }
sets:
  analysts: { cidr: ["10.40.20.0/24"] }
  archive: { cidr: ["10.40.30.10"] }
  ntp: { cidr: ["10.40.1.123"] }
  maint-gw: { cidr: ["10.40.9.4"] }
fleets:
  scanners:
    vendor: Example
    site: Example port
    members:
      - { name: scan-01, ip: ["10.40.10.11", "fd00:40:10::11"] }
      - { name: scan-02, ip: ["10.40.10.12"] }
      - { name: scan-03, ip: ["10.40.10.13"] }
sensors:
  border: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, east-west] }
${more.windows === undefined ? '' : `windows:\n  ${more.windows}\n`}claims:
  - id: example-claim
    text: "The scanners do what this example says."
    subject: scanners
    severity: high
    assert: ${assert}
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
${more.exceptions === undefined ? '' : `exceptions:\n  - ${more.exceptions}\n`}`;
}

/** The claim of an asset whose every exchange is admitted: for learned detections, which look at what claims allow. */
export const OPEN_CLAIMS = exampleClaims('{ only: [ { peer: { any: true } } ] }');

/** The claim of an asset whose exchanges no claim speaks of, but for one that never comes: for detections of what nobody has agreed to. */
export const UNCLAIMED = exampleClaims('{ never: [ { peer: { sets: [ntp] }, ports: [tcp/7] } ] }');
