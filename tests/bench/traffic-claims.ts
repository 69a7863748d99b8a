import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Claim files about the two fleets of traffic.ts, written into `folder`; returns their paths. */
export function writeTrafficClaims(folder: string): string[] {
  return [
    ['scanners', SCANNERS],
    ['billing', BILLING],
  ].map(([name, text]) => {
    const path = join(folder, `${name}.claims.yaml`);
    writeFileSync(path, text!);
    return path;
  });
}

function members(name: string, network: string): string {
  return Array.from({ length: 100 }, (_, index) => `      - { name: ${name}-${index + 1}, ip: ["${network}.${index + 1}"] }`).join('\n');
}

const COVERAGE = 'time: "99%", max_gap: PT10M';

const SCANNERS = `version: 1
id: bench-scanners
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
${members('scanner', '10.40.10')}
sensors:
  border-a: { kind: ipfix, exporter: "10.40.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, east-west] }
claims:
  - id: closed-network
    text: "The scanners talk only to analysts, archive and infrastructure."
    subject: scanners
    severity: critical
    assert:
      only:
        - { peer: { sets: [analysts] }, ports: [tcp/443], initiator: peer }
        - { peer: { sets: [archive] }, ports: [tcp/445], initiator: subject }
        - { peer: { sets: [infra] }, ports: [udp/53, udp/123], initiator: subject }
    coverage: { sensors: [border-a], ${COVERAGE} }
  - id: no-internet
    text: "The scanners exchange nothing with the internet."
    subject: scanners
    severity: critical
    assert: { never: [{ peer: { internet: true } }] }
    coverage: { sensors: [border-a], ${COVERAGE} }
  - id: data-stays
    text: "A scanner sends at most 100 TiB a day to the archive."
    subject: scanners
    severity: high
    assert: { budget: [{ peer: { sets: [archive] }, budget: { bytes: 100TiB, per: P1D, direction: out, scope: member } }] }
    coverage: { sensors: [border-a], ${COVERAGE} }
`;

const BILLING = `version: 1
id: bench-billing
owner: bench@example.org
timezone: Europe/Amsterdam
effective: { from: "2026-01-01" }
sets:
  applications: { cidr: ["10.70.10.0/24"] }
  mediation: { cidr: ["10.70.20.0/24"] }
  infra: { cidr: ["10.70.1.53", "10.70.1.123"] }
fleets:
  billing:
    vendor: Example
    site: Example
    members:
${members('billing', '10.70.11')}
sensors:
  border-b: { kind: ipfix, exporter: "10.70.0.1", sampling: 1, active_timeout: PT1M, heartbeat: PT5M, sees: [north-south, east-west] }
claims:
  - id: known-peers
    text: "The databases talk only to applications, mediation, infrastructure and each other."
    subject: billing
    severity: critical
    assert:
      only:
        - { peer: { sets: [applications, mediation] }, ports: [tcp/5432], initiator: peer }
        - { peer: { fleets: [billing] }, ports: [tcp/5433] }
        - { peer: { sets: [infra] }, ports: [udp/53, udp/123], initiator: subject }
    coverage: { sensors: [border-b], ${COVERAGE} }
  - id: no-internet
    text: "The databases exchange nothing with the internet."
    subject: billing
    severity: critical
    assert: { never: [{ peer: { internet: true } }] }
    coverage: { sensors: [border-b], ${COVERAGE} }
  - id: data-stays
    text: "A database sends at most 100 GiB a day outside of its applications."
    subject: billing
    severity: high
    assert: { budget: [{ peer: { any: true, except: [applications] }, budget: { bytes: 100GiB, per: P1D, direction: out, scope: member } }] }
    coverage: { sensors: [border-b], ${COVERAGE} }
`;
