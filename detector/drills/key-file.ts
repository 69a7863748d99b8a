import { readFileSync } from 'node:fs';
import { ClaimsError } from '../claims/problem.js';

/** Shorter secrets can be guessed. */
const LEAST_OCTETS = 16;

/** The secret of the drills: all octets of the file but the line end after them. Throws ClaimsError where it cannot be read or is too short. */
export function readDrillKey(file: string | undefined): Uint8Array | undefined {
  if (file === undefined) return undefined;
  const refuse = (message: string): ClaimsError => new ClaimsError([{ file, line: 1, column: 1, path: '', code: 'drill-key', message }]);
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw refuse(
      `the key of the drills cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}); check drills.keyFile`,
    );
  }
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  if (end < LEAST_OCTETS)
    throw refuse(`the key of the drills has ${end} octets; it needs ${LEAST_OCTETS} at least, such as openssl rand -hex 32 writes`);
  return bytes.subarray(0, end);
}
