import type { ClaimPart } from './claim-set.js';

/**
 * The text of a claim file without its `tests`: they are never judged, so the hash of the claims does not cover them, and a file hashes as the same file with
 * the lines of `tests` (from that key up to the next top-level key) taken out. Where the key shares a line with another one, the text stays whole.
 */
export function judgedText({ source, file }: ClaimPart, text: string): string {
  if (file.tests === undefined) return text;
  const lineOf = (key: string): number => source.problem([], '', '', key).line;
  const first = lineOf('tests');
  const others = Object.keys(file)
    .filter((key) => key !== 'tests')
    .map(lineOf);
  if (others.includes(first)) return text;
  const next = Math.min(...others.filter((line) => line > first));
  const lines = text.split(/(?<=\n)/);
  return [...lines.slice(0, first - 1), ...(Number.isFinite(next) ? lines.slice(next - 1) : [])].join('');
}
