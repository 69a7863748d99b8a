import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Prefix } from '../../../flow/address.js';
import { ClaimsError, type ClaimsProblem } from '../problem.js';
import { type AddressTree, Label, leafValue, prefixesByLabel, TreeError } from './address-tree.js';
import { asNumber, type LocationKey } from './location-key.js';
import { readLocationTable } from './location-table.js';
import { MmdbError, openMmdb } from './mmdb.js';

/** Characters of an AS's name that are kept. */
const MAX_NAME = 100;

/** Files of location data that an operator supplies: MaxMind DB (.mmdb), else a table (location-table.ts). */
export interface LookupFiles {
  readonly country?: string | undefined;
  readonly asn?: string | undefined;
  /** Secret of the drills: not location data, but looked up like it. */
  readonly drillKey?: string | undefined;
}

/** What a file is, for findings, verdicts and lint: enough to get the same file again. */
export interface LocationIdentity {
  readonly key: LocationKey;
  readonly name: string;
  /** Day it was built, '2026-11-01'; '' where the file does not tell. */
  readonly date: string;
  readonly sha256: string;
}

/** Location data at hand. */
export interface LocationData {
  readonly identity: LocationIdentity;
  /** What the data tells of an address of 16 bytes: 'NL' or '64500' and, of an AS, its name; '' for what it does not tell. Throws ClaimsError. */
  lookUp(address: Uint8Array): { readonly value: string; readonly name: string };
  /** The prefixes of each wanted value (a country 'NL', an AS number '64500'), and those that the data knows nothing of. Throws ClaimsError. */
  split(wanted: readonly string[]): { readonly of: ReadonlyMap<string, readonly Prefix[]>; readonly unknown: readonly Prefix[] };
}
export interface Locations {
  readonly country?: LocationData | undefined;
  readonly asn?: LocationData | undefined;
}

/**
 * The data of these files, each read when claims first ask for it: then throws ClaimsError, since location data that is named and cannot be used is no
 * smaller problem than a claim file that cannot.
 */
export function readLocations(files: LookupFiles): Locations {
  const read = new Map<LocationKey, LocationData>();
  const of = (key: LocationKey): LocationData | undefined => {
    const file = files[key];
    if (file === undefined) return undefined;
    const data = read.get(key) ?? readLocation(key, file);
    read.set(key, data);
    return data;
  };
  return {
    get country() {
      return of('country');
    },
    get asn() {
      return of('asn');
    },
  };
}

function readLocation(key: LocationKey, file: string): LocationData {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new ClaimsError([problemAt(file, 'unreadable', `the ${key} data cannot be read (${code}); check the path under 'lookup'`)]);
  }
  return locationOf(key, file, bytes);
}

/** The same of a file's content in memory. */
export function locationOf(key: LocationKey, file: string, bytes: Buffer): LocationData {
  const opened = /\.mmdb$/i.test(file) ? openDatabase(key, file, bytes) : openTable(key, file, bytes);
  const identity = { key, name: basename(file), date: opened.date, sha256: createHash('sha256').update(bytes).digest('hex') };
  return {
    identity,
    lookUp: (address) =>
      damaged(file, key, () => {
        const value = leafValue(opened.tree, address);
        return value === undefined ? { value: '', name: '' } : { value: opened.textOf(value), name: opened.nameOf(value) };
      }),
    split: (wanted) => {
      const labels = new Map(wanted.map((value, index) => [value, Label.first + index]));
      const labelOfText = (text: string): number => (text === '' ? Label.unknown : (labels.get(text) ?? Label.other));
      const known = new Map<number, number>();
      const labelOf = (value: number): number => {
        let label = known.get(value);
        if (label === undefined) {
          label = labelOfText(opened.textOf(value));
          known.set(value, label);
        }
        return label;
      };
      const lists = damaged(file, key, () => prefixesByLabel(opened.tree, Label.first + wanted.length, labelOf));
      return { of: new Map(wanted.map((value, index) => [value, lists[Label.first + index]!])), unknown: lists[Label.unknown]! };
    },
  };
}

interface Opened {
  readonly date: string;
  readonly tree: AddressTree;
  /** 'NL', '64500'; '' where a leaf says nothing of the key. */
  textOf(value: number): string;
  /** Name of the AS where the data has one. */
  nameOf(value: number): string;
}

function openDatabase(key: LocationKey, file: string, bytes: Buffer): Opened {
  const database = damaged(file, key, () => openMmdb(bytes));
  return {
    date: Number.isFinite(database.builtMs) && database.builtMs < 8.64e15 ? new Date(database.builtMs).toISOString().slice(0, 10) : '',
    tree: database.tree,
    textOf: (value) => textOf(key, database.dataOf(value)),
    nameOf: (value) => (key === 'asn' ? asNameOf(database.dataOf(value)) : ''),
  };
}

function openTable(key: LocationKey, file: string, bytes: Buffer): Opened {
  const problems: ClaimsProblem[] = [];
  const { date, tree, values } = readLocationTable(key, file, bytes, problems);
  if (problems.length > 0) throw new ClaimsError(problems);
  return { date, tree, textOf: (value) => values[value - 1] ?? '', nameOf: () => '' };
}

function damaged<T>(file: string, key: LocationKey, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MmdbError) && !(error instanceof TreeError)) throw error;
    throw new ClaimsError([
      problemAt(
        file,
        'bad-location-data',
        `the ${key} data cannot be used: ${error.message}; get the file again, or name a table of prefix,${key}`,
      ),
    ]);
  }
}

function problemAt(file: string, code: string, message: string): ClaimsProblem {
  return { file, line: 1, column: 1, path: '', code, message };
}

/**
 * Of the data of a leaf: `country.iso_code` (GeoIP2, GeoLite2, DB-IP), `country_code` or a two-letter `country` (IPinfo); `autonomous_system_number` or
 * `asn`. Where a network is registered is not where it is: `registered_country` does not count.
 */
function textOf(key: LocationKey, data: unknown): string {
  if (!(data instanceof Map)) return '';
  if (key === 'country') {
    const country: unknown = data.get('country');
    const code: unknown = country instanceof Map ? country.get('iso_code') : (data.get('country_code') ?? country);
    return typeof code === 'string' && /^[A-Z]{2}$/.test(code) && code !== 'ZZ' ? code : '';
  }
  return asNumber(data.get('autonomous_system_number') ?? data.get('asn'));
}

/** `autonomous_system_organization` (GeoLite2, DB-IP), `as_name` or `name` (IPinfo), cut to MAX_NAME characters. */
function asNameOf(data: unknown): string {
  if (!(data instanceof Map)) return '';
  const name: unknown = data.get('autonomous_system_organization') ?? data.get('as_name') ?? data.get('name');
  return typeof name === 'string' ? name.slice(0, MAX_NAME) : '';
}
