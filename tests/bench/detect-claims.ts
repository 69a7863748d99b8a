/*
 * The claims of the detector's benchmarks: one fleet of so many assets.
 */

/** Address of an asset, clear of the sets that the claims name. */
export function addressOf(asset: number): readonly number[] {
  return [10, 60, Math.floor(asset / 200), 1 + (asset % 200)];
}

/** Text of the claim file. */
export function claimFile(assets: number): string {
  const members = Array.from({ length: assets }, (_, asset) => `      - { name: asset-${asset}, ip: ["${addressOf(asset).join('.')}"] }`);
  return `version: 1
id: bench
owner: bench@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  analysts: { cidr: ["10.40.20.0/24"] }
  archive: { cidr: ["10.40.30.10"] }
  infra: { cidr: ["10.40.1.53", "10.40.1.123"] }
fleets:
  scanners:
    vendor: Example
    site: Example
    members:
${members.join('\n')}
sensors:
  border: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, east-west] }
claims:
  - id: closed-network
    text: "The scanners talk only to analysts, archive and infrastructure."
    subject: scanners
    severity: critical
    assert: { only: [ { peer: { sets: [analysts] }, ports: [tcp/443], initiator: peer }, { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }, { peer: { sets: [infra] }, ports: [udp/53], initiator: subject }, { peer: { sets: [infra] }, ports: [udp/123], initiator: any } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
  - id: no-internet
    text: "The scanners exchange nothing with the internet."
    subject: scanners
    severity: critical
    assert: { never: [ { peer: { internet: true } } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
  - id: data-stays
    text: "The scanners send no more than a terabyte a day to the archive."
    subject: scanners
    severity: high
    assert: { budget: [ { peer: { sets: [archive] }, budget: { bytes: 100TiB, per: P1D, direction: out, scope: member } } ] }
    coverage: { sensors: [border], time: "99%", max_gap: PT10M }
`;
}
