import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readDrillKey } from '../drills/key-file.js';
import { type Approval, readApprovals } from './approvals.js';
import { checkClaimSet } from './check.js';
import { type ClaimPart, type ClaimSet, mergeParts } from './claim-set.js';
import { type Compilation, compileClaimSet, locationKeys } from './compile.js';
import type { CompiledClaims } from './compiled.js';
import { judgedText } from './judged-text.js';
import { type Locations, type LookupFiles, readLocations } from './location/location.js';
import { ClaimsError, type ClaimsProblem } from './problem.js';
import { checkShape } from './shape.js';
import { readSource } from './source.js';

/** Text of one file, and the name to show for it. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
}

export interface LoadedClaims {
  readonly claims: CompiledClaims;
}

/**
 * Loads one claim set: a file, or several files of the same id, the approvals (JSON lines) that open its ticketed windows, and the location data that
 * decides peers by country and AS number.
 * Throws ClaimsError with every problem found, each with file, line, column and what to write instead; nothing is loaded half.
 */
export function loadClaims(paths: string | readonly string[], approvalsPath?: string, lookup: LookupFiles = {}): LoadedClaims {
  const { files, approvals } = readClaimFiles(paths, approvalsPath);
  return { claims: compileTexts(files, approvals, readLocations(lookup), readDrillKey(lookup.drillKey)).compilation.claims };
}

/** Reads the files. Throws ClaimsError when one cannot be read. */
export function readClaimFiles(
  paths: string | readonly string[],
  approvalsPath?: string,
): { files: NamedText[]; approvals: NamedText | undefined } {
  const problems: ClaimsProblem[] = [];
  const read = (file: string, what: string): NamedText => {
    try {
      return { file, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(readFileSync(file)) };
    } catch (error) {
      const reason =
        error instanceof TypeError
          ? 'is not UTF-8 text; save it as UTF-8'
          : `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}); check the path`;
      problems.push({ file, line: 1, column: 1, path: '', code: 'unreadable', message: `the ${what} ${reason}` });
      return { file, text: '' };
    }
  };
  const files = (typeof paths === 'string' ? [paths] : paths).map((file) => read(file, 'claim file'));
  const approvals = approvalsPath === undefined ? undefined : read(approvalsPath, 'approvals file');
  if (problems.length > 0) throw new ClaimsError(problems);
  return { files, approvals };
}

/** The whole way from text to tables. Throws ClaimsError. */
export function compileTexts(
  files: readonly NamedText[],
  approvals?: NamedText,
  locations: Locations = {},
  drillKey?: Uint8Array,
): { compilation: Compilation; set: ClaimSet; approvals: readonly Approval[] } {
  const problems: ClaimsProblem[] = [];
  const parts: ClaimPart[] = [];
  for (const { file, text } of files) {
    const source = readSource(file, text, problems);
    const shaped = source === undefined ? undefined : checkShape(source, problems);
    if (source !== undefined && shaped !== undefined) parts.push({ source, file: shaped });
  }
  const approved = approvals === undefined ? [] : readApprovals(approvals.file, approvals.text, problems);
  if (files.length === 0) throw new Error('loadClaims needs one claim file at least');
  // A file of a wrong shape would make every name it declares unknown to the others: those are told first.
  const set = parts.length < files.length ? undefined : mergeParts(parts, problems);
  const prefixes = set === undefined ? undefined : checkClaimSet(set, problems);
  if (problems.length > 0 || set === undefined || prefixes === undefined) throw new ClaimsError(problems);
  const judged = files.map(({ file, text }, index) => ({ file, text: judgedText(parts[index]!, text) }));
  const hash = hashOf(judged, approvals, set, locations, drillKey);
  return { compilation: compileClaimSet(set, prefixes, approved, locations, hash, drillKey), set, approvals: approved };
}

/**
 * sha256 over each text with its kind and length before it, so that no two lists of files hash alike, and over the sha256 of the location data that the
 * claims draw on. File names do not count.
 */
function hashOf(
  files: readonly NamedText[],
  approvals: NamedText | undefined,
  set: ClaimSet,
  locations: Locations,
  drillKey: Uint8Array | undefined,
): string {
  const hash = createHash('sha256');
  const add = (kind: string, { text }: NamedText): void => {
    const bytes = Buffer.from(text, 'utf8');
    hash.update(`${kind} ${bytes.length}\n`).update(bytes);
  };
  for (const file of files) add('claims', file);
  if (approvals !== undefined) add('approvals', approvals);
  for (const key of locationKeys(set)) {
    const data = locations[key];
    if (data !== undefined) hash.update(`${key} ${data.identity.sha256}\n`);
  }
  // The fingerprint, never the key: what was a drill depends on it.
  if (drillKey !== undefined && set.drills.size > 0) hash.update(`drills ${createHash('sha256').update(drillKey).digest('hex')}\n`);
  return hash.digest('hex');
}
