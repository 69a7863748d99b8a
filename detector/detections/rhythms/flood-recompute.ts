import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import { hasPorts } from '../../sessions/orientation.js';
import type { FindingFlow } from '../detection.js';
import { Began, type ObservedRecord } from '../observed-record.js';
import { beginsWithin, sumOf } from '../recompute.js';
import { isBackground, isOneWay } from './background-services.js';
import { doorOf, isLarge, packetsOf, Stuff, stuffOf, TO_ASSET } from './flood-traffic.js';
import { isAdmittedAnyhow, levelled } from './levelled.js';

/** Packets that began in the finding's window, of the same stuff, towards the same door; octets, where it is about what nobody outside answered. */
export function recomputeFlood(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const records = levelled(rows, claims).filter((record) => beginsWithin(record, finding));
  for (const record of records)
    if (!hasPorts(record.protocol)) record.initiator = finding.rule.includes(TO_ASSET) ? Began.peer : Began.asset;
  if (finding.unit === 'octets') {
    const large = records.filter(
      (record) => isLarge(record) && !isBackground(record) && !isOneWay(record) && !isAdmittedAnyhow(record, claims),
    );
    return sumOf(large, ({ octetsOut }) => octetsOut);
  }
  const wanted = finding.peerAddress === '::' ? callsAtDoorOf(finding) : sameAs(finding);
  return sumOf(
    records.filter((record) => stuffOf(record) >= 0 && wanted(record)),
    packetsOf,
  );
}

/** Connections that others tried with the asset on the port of the finding's evidence, whoever they were. */
function callsAtDoorOf({ assetAddress, evidence: [row] }: Finding): (record: ObservedRecord) => boolean {
  const door = row?.destination === assetAddress ? row.destinationPort : row?.sourcePort;
  return (record) => record.initiator === Began.peer && stuffOf(record) === Stuff.calls && doorOf(record) === door;
}

/** Of ICMP the stored rows do not tell who asked: whom the finding says. */
function sameAs({ protocol, port, rule }: Finding): (record: ObservedRecord) => boolean {
  const began = rule.includes(TO_ASSET) ? Began.peer : Began.asset;
  return (record) => record.protocol === protocol && doorOf(record) === port && record.initiator === began;
}
