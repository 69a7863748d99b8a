import { describe, expect, test } from 'vitest';
import { MAX_WATCHED_ADDRESSES, SenderList, watchedClaims } from '../../../detector/tools/watched.js';
import { formatAddress, parseAddress, parsePrefix } from '../../../flow/address.js';

const prefixes = ['192.168.0.0/16', '2001:db8:1::/48'].map(parsePrefix);

describe('an inventory made on the fly', () => {
  test('keeps senders inside the prefixes, each once and sorted', () => {
    const senders = new SenderList(prefixes);
    for (const text of ['192.168.3.4', '10.0.0.1', '2001:db8:1::5', '192.168.0.1', '2001:db8:2::5', '192.168.3.4', '192.169.0.1'])
      senders.add(parseAddress(text), 0, formatAddress);
    expect(senders.addresses).toEqual(['192.168.0.1', '192.168.3.4', '2001:db8:1::5']);
    expect(senders.more).toBe(false);
  });

  test('is bounded: beyond it the rest of a prefix is one asset', () => {
    const senders = new SenderList(prefixes);
    const bytes = parseAddress('192.168.0.0');
    for (let n = 0; n < MAX_WATCHED_ADDRESSES + 10; n++) {
      bytes[14] = n >> 8;
      bytes[15] = n & 255;
      senders.add(bytes, 0, formatAddress);
    }
    expect(senders.addresses).toHaveLength(MAX_WATCHED_ADDRESSES);
    const claims = watchedClaims({ prefixes, addresses: senders.addresses, more: senders.more, sensor: 'capture' });
    expect(claims.assets).toHaveLength(MAX_WATCHED_ADDRESSES + 2);
    const nameOf = (text: string): string | undefined => claims.assets[claims.watchList.assetOf(parseAddress(text))]?.name;
    expect(nameOf('192.168.0.7')).toBe('192.168.0.7');
    expect(nameOf('192.168.200.7')).toBe('192.168.0.0/16');
    expect(nameOf('10.0.0.1')).toBeUndefined();
  });

  test('claims nothing, and knows what lies outside', () => {
    const claims = watchedClaims({ prefixes, addresses: ['192.168.0.1'], more: false, sensor: 'capture' });
    expect(claims.claims).toEqual([]);
    expect(claims.fleets[0]!.claims).toEqual([]);
    expect(claims.isOutside(parseAddress('203.0.113.1'), 0)).toBe(true);
    expect(claims.isOutside(parseAddress('192.168.0.9'), 0)).toBe(false);
    expect(claims.assets.map(({ name }) => name)).toEqual(['192.168.0.1']);
  });
});
