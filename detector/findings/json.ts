import type { Finding } from './finding.js';

/** Order of findings wherever they are listed: by time, then id. */
export function compareFindings(a: Finding, b: Finding): number {
  return a.firstSeenMs - b.firstSeenMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/**
 * Canonical JSON of findings: sorted by first sighting and id, keys in alphabetical order, two spaces, one line feed at the end. Equal findings
 * give equal bytes, whichever engine, partition or run they come from.
 */
export function findingsJson(findings: readonly Finding[]): string {
  return `${JSON.stringify([...findings].sort(compareFindings).map(sortKeys), undefined, 2)}\n`;
}

/** One finding as one line of canonical JSON. */
export function findingJson(finding: Finding): string {
  return JSON.stringify(sortKeys(finding));
}

/** The same value with the keys of every object in alphabetical order. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, sortKeys(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
