import { formatAddress } from '../../../flow/address.js';

/** Public resolvers that answer DNS over HTTPS and TLS under these addresses (the operators' own documentation, November 2026). */
const ADDRESSES = new Set([
  // Cloudflare
  ...['1.1.1.1', '1.0.0.1', '1.1.1.2', '1.0.0.2', '1.1.1.3', '1.0.0.3', '2606:4700:4700::1111', '2606:4700:4700::1001'],
  // Google
  ...['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844'],
  // Quad9
  ...['9.9.9.9', '149.112.112.112', '9.9.9.10', '149.112.112.10', '2620:fe::fe', '2620:fe::9'],
  // OpenDNS
  ...['208.67.222.222', '208.67.220.220', '2620:119:35::35', '2620:119:53::53'],
  // AdGuard
  ...['94.140.14.14', '94.140.15.15'],
  // AliDNS, DNSPod
  ...['223.5.5.5', '223.6.6.6', '119.29.29.29', '1.12.12.12', '120.53.53.53'],
  // Yandex
  ...['77.88.8.8', '77.88.8.1'],
]);

export function isKnownResolver(bytes: Uint8Array, offset: number): boolean {
  return ADDRESSES.has(formatAddress(bytes, offset));
}

/** Names that DNS over HTTPS is asked under: `destinationNames` may tell that an address is one of them. */
const NAMES = new Set([
  ...['dns.google', 'cloudflare-dns.com', 'one.one.one.one', 'mozilla.cloudflare-dns.com', 'chrome.cloudflare-dns.com', 'dns.quad9.net'],
  ...['doh.opendns.com', 'dns.adguard-dns.com', 'dns.nextdns.io', 'dns.alidns.com', 'doh.pub', 'doh.cleanbrowsing.org', 'dns.mullvad.net'],
]);

/** True where one of the names, separated by commas, is a public resolver's. */
export function namesResolver(names: string): boolean {
  return names !== '' && names.split(',').some((name) => NAMES.has(name.toLowerCase()));
}
