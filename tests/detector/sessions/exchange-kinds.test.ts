import { describe, expect, it } from 'vitest';
import { Began, ObservedRecord } from '../../../detector/detections/observed-record.js';
import { ExchangeKinds, KindWord, kindsOf } from '../../../detector/sessions/exchange-kinds.js';
import { parseAddress } from '../../../flow/address.js';

interface Exchange {
  readonly asset?: string;
  readonly peer?: string;
  readonly fleet?: number;
  readonly assetPort?: number;
  readonly peerPort?: number;
  readonly peerClass?: number;
}

function recordOf({ asset = '10.1.2.3', peer = '192.0.2.7', fleet = 0, assetPort = 40_000, peerPort = 443, peerClass = 0 }: Exchange) {
  const words = (text: string): Uint32Array => new Uint32Array(Uint8Array.from(parseAddress(text)).buffer);
  return Object.assign(new ObservedRecord(), {
    ...{ fleet, assetPort, peerPort, peerClass, protocol: 6, assetWords: words(asset), peerWords: words(peer) },
  });
}

describe('kinds of exchange', () => {
  const kinds = new ExchangeKinds(kindsOf(10));
  const kindOf = (exchange: Exchange, began: number = Began.asset): number => {
    const record = recordOf(exchange);
    kinds.find(record, began);
    return record.kindSerial;
  };
  const usual = kindOf({});

  it('are one for all assets of a fleet, whatever the port of the end that began', () => {
    expect(kindOf({ asset: '10.1.2.4' })).toBe(usual);
    expect(kindOf({ asset: '2001:db8::1' })).toBe(usual);
    expect(kindOf({ assetPort: 50_000 })).toBe(usual);
  });

  it.each([
    ['another fleet', { fleet: 1 }, Began.asset],
    ['another peer', { peer: '192.0.2.8' }, Began.asset],
    ['another port of the responder', { peerPort: 80 }, Began.asset],
    ['something else known of the peer', { peerClass: 1 }, Began.asset],
    ['the peer in the asset’s /24', { asset: '192.0.2.9' }, Began.asset],
    ['the peer that began', {}, Began.peer],
    ['nobody knows who began', {}, Began.unknown],
  ] as const)('are another: %s', (_, exchange, began) => {
    expect(kindOf(exchange, began)).not.toBe(usual);
  });

  it('tell the /64 of IPv6 and the /24 of IPv4, and no IPv6 address near an IPv4 one', () => {
    const far = kindOf({ asset: '2001:db8:0:1::1', peer: '2001:db8:0:2::1' });
    expect(kindOf({ asset: '2001:db8:0:3::1', peer: '2001:db8:0:2::1' })).toBe(far);
    expect(kindOf({ asset: '2001:db8:0:2:ffff::1', peer: '2001:db8:0:2::1' })).not.toBe(far);
    expect(kindOf({ asset: '::1:2:3', peer: '10.0.0.1' })).toBe(kindOf({ asset: '198.51.100.1', peer: '10.0.0.1' }));
  });

  it('keep words until they give way, and come back under another number without them', () => {
    const few = new ExchangeKinds(512);
    const record = recordOf({});
    few.find(record, Began.asset);
    few.keep(record, KindWord.traits, 5);
    expect(few.word(record, KindWord.traits)).toBe(5);
    const serial = record.kindSerial;
    for (let host = 0; host < 4096; host++) few.find(recordOf({ peer: `203.0.${host >> 8}.${host & 255}` }), Began.asset);
    few.find(record, Began.asset);
    expect(record.kindSerial).not.toBe(serial);
    expect(few.word(record, KindWord.traits)).toBe(0);
  });

  it('grow before one that is in use gives way, as long as few rows are taken', () => {
    const many = new ExchangeKinds(kindsOf(1000));
    const records = Array.from({ length: 300 }, (_, host) => recordOf({ peer: `203.0.${host >> 8}.${host & 255}` }));
    for (const record of records) many.find(record, Began.asset);
    const serials = records.map((record) => {
      many.find(record, Began.asset);
      return record.kindSerial;
    });
    for (const [index, record] of records.entries()) {
      many.find(record, Began.asset);
      expect(record.kindSerial).toBe(serials[index]);
    }
  });
});
