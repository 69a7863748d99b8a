import type { ClaimSet, Declared } from '../claims/claim-set.js';
import type { Compilation } from '../claims/compile.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { compileTexts, type NamedText, readClaimFiles } from '../claims/load.js';
import { type Locations, type LookupFiles, readLocations } from '../claims/location/location.js';
import type { DocumentPath } from '../claims/source.js';
import { readDrillKey } from '../drills/key-file.js';

/** Where something of a claim file stands, for people and editors. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Compiled claims that know where each rule was written. */
export interface PlacedClaims {
  readonly claims: CompiledClaims;
  readonly set: ClaimSet;
  readonly compilation: Compilation;
  /** Place of a claim, or of a rule of it (position from 0). */
  placeOf(claim: number, rule?: number): Place;
  /** Place of an exception by its id; of the first claim where there is none. */
  placeOfException(id: string): Place;
}

/** Loads one claim file with the places of its parts, and what judging looks up: location data and the key of the drills. Throws ClaimsError. */
export function loadPlaced(file: string, approvals?: string, lookup: LookupFiles = {}): PlacedClaims {
  const read = readClaimFiles(file, approvals);
  return placed(read.files, read.approvals, readLocations(lookup), readDrillKey(lookup.drillKey));
}

/** The same of texts in memory. */
export function placed(files: readonly NamedText[], approvals?: NamedText, locations: Locations = {}, drillKey?: Uint8Array): PlacedClaims {
  const { compilation, set } = compileTexts(files, approvals, locations, drillKey);
  const { claims } = compilation;
  const at = (declared: Declared<unknown>, path: DocumentPath): Place => {
    const { file, line, column } = declared.source.problem([...declared.path, ...path], '', '');
    return { file, line, column };
  };
  return {
    claims,
    set,
    compilation,
    placeOf: (claim, rule) => at(set.claims[claim]!, rule === undefined ? [] : ['assert', claims.claims[claim]!.kind, rule]),
    placeOfException: (id) => at(set.exceptions.find(({ name }) => name === id) ?? set.claims[0]!, []),
  };
}
