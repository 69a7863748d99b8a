import { compareAddresses, formatAddress, isMappedIPv4, lastAddress, maskAddress, parseAddress, parsePrefix } from '../../flow/address.js';
import { SPECIAL_PURPOSE } from '../claims/special-purpose.js';
import type { Finding } from '../findings/finding.js';

const NOT_INTERNET = SPECIAL_PURPOSE.map((text) => {
  const prefix = parsePrefix(text);
  return { first: prefix.bytes, last: lastAddress(prefix) };
});

/**
 * Names under which the peer of a finding is grouped (detection.md P7), the one that people know first: its declared set, its AS, its network (/24, IPv6: /48).
 * Findings are about the same peer group when they share one of them. None where the finding is about no single peer.
 */
export function peerGroupsOf({ peerAddress, peerName, peerAsn }: Pick<Finding, 'peerAddress' | 'peerName' | 'peerAsn'>): string[] {
  const network = peerAddress === '::' ? [] : [networkText(peerAddress)];
  return [...(peerName === '' ? [] : [`set ${peerName}`]), ...(peerAsn === 0 ? [] : [`AS${peerAsn}`]), ...network];
}

/** True where the peer is on the internet and in no declared set. */
export function isUndeclaredOutside({ peerAddress, peerName }: Pick<Finding, 'peerAddress' | 'peerName'>): boolean {
  if (peerAddress === '::' || peerName !== '') return false;
  const bytes = parseAddress(peerAddress);
  return !NOT_INTERNET.some(({ first, last }) => compareAddresses(bytes, first) >= 0 && compareAddresses(bytes, last) <= 0);
}

/** The /24 (IPv6: /48) of an address. */
export function networkText(address: string): string {
  const bytes = parseAddress(address);
  const v4 = isMappedIPv4(bytes);
  return `${formatAddress(maskAddress(bytes, v4 ? 120 : 48))}/${v4 ? 24 : 48}`;
}
