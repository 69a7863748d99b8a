import type { Finding } from '../findings/finding.js';
import { compareFindings } from '../findings/json.js';
import { networkText, peerGroupsOf } from './peer-group.js';

/** What the fleet as a whole met is told by one watch, and of each device by whatever detection looks at it. */
const FLEET_CONTACT = 'fleet-contact';

export function isFleetContact({ detection }: Pick<Finding, 'detection'>): boolean {
  return detection === FLEET_CONTACT;
}

/** The order of time; of what began at once the fleet's comes first, since it begins with the first record of its first device. */
export function compareInStory(a: Finding, b: Finding): number {
  return a.firstSeenMs - b.firstSeenMs || Number(isFleetContact(b)) - Number(isFleetContact(a)) || compareFindings(a, b);
}

/**
 * Whether what is said of one device is part of what its fleet met: it is about the same network, within the fleet about the same set or AS, or about a device and a
 * peer of the records that the fleet's finding shows (a port that is new, with a peer of its own for each). An AS alone says nothing of another fleet: a cloud is
 * met by many.
 */
export function isPartOf(finding: Finding, contact: Finding): boolean {
  if (finding.peerAddress === '::') return false;
  if (contact.peerAddress !== '::' && networkText(finding.peerAddress) === networkText(contact.peerAddress)) return true;
  const names = peerGroupsOf(contact);
  if (finding.fleet === contact.fleet && peerGroupsOf(finding).some((name) => names.includes(name))) return true;
  const { assetAddress, peerAddress } = finding;
  return contact.evidence.some(
    ({ source, destination }) =>
      (source === assetAddress && destination === peerAddress) || (source === peerAddress && destination === assetAddress),
  );
}
