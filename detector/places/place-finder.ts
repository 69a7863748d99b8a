import { parsePrefix } from '../../flow/address.js';
import { PrefixTable } from '../../flow/prefix-table.js';
import type { Locations } from '../claims/location/location.js';
import { SPECIAL_PURPOSE } from '../claims/special-purpose.js';
import type { Place, PlaceSources } from './peer-place.js';

/** Tells where addresses are by the location data at hand; without data it still tells special-purpose addresses from the internet. */
export interface PlaceFinder {
  readonly sources: PlaceSources;
  /** Place of an address of 16 bytes. Throws ClaimsError where the location data is damaged. */
  placeOf(address: Uint8Array): Place;
}

const SPECIAL: Place = { scope: 'special', country: '', asn: 0, asName: '' };

export function createPlaceFinder({ country, asn }: Locations): PlaceFinder {
  // As the claims have it: what the data says of special-purpose addresses does not count.
  const special = new PrefixTable(SPECIAL_PURPOSE.map((text) => ({ prefix: parsePrefix(text), value: 0 })));
  return {
    sources: { countryData: country?.identity.sha256 ?? '', asnData: asn?.identity.sha256 ?? '' },
    placeOf: (address) => {
      if (special.lookup(address) >= 0) return SPECIAL;
      const system = asn?.lookUp(address);
      return {
        scope: 'internet',
        country: country?.lookUp(address).value ?? '',
        asn: Number(system?.value ?? 0),
        asName: system?.name ?? '',
      };
    },
  };
}
