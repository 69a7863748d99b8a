import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { KnownVersion } from '../../detector/report/read.js';
import { ClaimHistory } from './claim-history.js';
import { versionsKnown } from './claim-reload.js';
import { type ClaimSource, loadClaimSets } from './claim-sets.js';

/** Every version of the claim files whose text is at hand, now or in the archive of the data folder, with the sha256 of each file. Throws ClaimsError. */
export function knownVersions(data: string, sources: readonly ClaimSource[], tell: (sentence: string) => void): KnownVersion[] {
  if (sources.length === 0) return [];
  const history = new ClaimHistory(data);
  return loadClaimSets(sources).sets.flatMap((claims, index) => {
    const source = sources[index]!;
    return versionsKnown(data, claims, source, tell).map((version) => {
      const then = version.claims.hash === claims.hash ? source : { ...source, ...history.archived(version.claims.hash) };
      const files = [then.file, then.approvals].filter((file) => file !== undefined && existsSync(file)) as string[];
      const named = [basename(source.file), source.approvals === undefined ? '' : basename(source.approvals)];
      return { version, files: files.map((file, place) => ({ name: named[place] || basename(file), sha256: sha256Of(file) })) };
    });
  });
}

function sha256Of(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
