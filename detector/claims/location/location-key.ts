/** What location data tells of an address. */
export type LocationKey = 'country' | 'asn';

/** '64500' of 64500, '64500' and 'AS64500'; '' for 0 (RFC 7607) and what is no AS number. */
export function asNumber(value: unknown): string {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(String(value ?? ''))?.[1];
  const number = Number(digits ?? 0);
  return number > 0 && number <= 0xffffffff ? String(number) : '';
}
