import type { CompiledPeers } from './compiled.js';

/** What may be known of a record's peer beside its address. Names and MAC addresses of the claims follow from `first` on. */
export const PeerFact = { named: 0, macKnown: 1, first: 2 } as const;

/** Numbers for the names and MAC addresses of a claim file, so that judging compares numbers. */
export interface PeerVocabulary extends CompiledPeers {
  /** The fact that a name of the claims ('licence.vendor.example', '*.vendor.example') was told for the peer. */
  ofName(pattern: string): number;
  /** The fact that the peer has a MAC address of the claims ('00:1b:24:aa:10:11'). */
  ofMac(mac: string): number;
}

/** Names are compared without case (RFC 4343) and without a final dot; '*.suffix' means one label or more before the suffix. */
export function createPeerVocabulary(): PeerVocabulary {
  const names = new Map<string, number>();
  const macs = new Map<number, number>();
  let next: number = PeerFact.first;
  const numberIn = <K>(map: Map<K, number>, key: K): number => {
    const known = map.get(key);
    if (known !== undefined) return known;
    map.set(key, next);
    return next++;
  };
  return {
    ofName: (pattern) => numberIn(names, plainName(pattern)),
    ofMac: (mac) => numberIn(macs, Number.parseInt(mac.replaceAll(':', ''), 16)),
    get tellsNames() {
      return names.size > 0;
    },
    get tellsMacs() {
      return macs.size > 0;
    },
    factsOfNames: (text) => {
      const facts: number[] = [];
      for (const part of text.split(',')) {
        const name = plainName(part.trim());
        if (name === '') continue;
        facts.push(PeerFact.named);
        const exact = names.get(name);
        if (exact !== undefined) facts.push(exact);
        for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
          const wide = names.get(`*${name.slice(dot)}`);
          if (wide !== undefined) facts.push(wide);
        }
      }
      return facts;
    },
    factsOfMac: (mac) => {
      if (mac === 0) return [];
      const fact = macs.get(mac);
      return fact === undefined ? [PeerFact.macKnown] : [PeerFact.macKnown, fact];
    },
  };
}

function plainName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
