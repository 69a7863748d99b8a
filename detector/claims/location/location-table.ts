import { AddressError, type Prefix, parsePrefix, printable } from '../../../flow/address.js';
import { type ClaimsProblem, MAX_PROBLEMS } from '../problem.js';
import { type AddressTree, treeOfPrefixes } from './address-tree.js';
import { asNumber, type LocationKey } from './location-key.js';

/*
 * Location data as text:
 *
 *   # date: 2026-11-01          optional; other lines that begin with # are comments
 *   prefix,country              optional first line
 *   203.0.113.0/24,NL           narrower prefixes win; further columns do not count; an empty value means that it is not known
 *   2001:db8::/32,64500
 */

const VALUE = { country: /^[A-Z]{2}$/, asn: /^(AS)?\d{1,10}$/i } as const;
const REMEDY = {
  country: 'write prefix,country with two capital letters: 203.0.113.0/24,NL',
  asn: 'write prefix,number: 203.0.113.0/24,64500',
} as const;

/** Reads a table. What is wrong is added to `problems`, at most MAX_PROBLEMS. Values of the tree count from 1 and are positions in `values`. */
export function readLocationTable(
  key: LocationKey,
  file: string,
  bytes: Buffer,
  problems: ClaimsProblem[],
): { date: string; tree: AddressTree; values: readonly string[] } {
  const entries: { prefix: Prefix; value: number }[] = [];
  const numbers = new Map<string, number>();
  const values: string[] = [];
  let date = '';
  const lines = bytes.toString('utf8').split('\n');
  for (let index = 0; index < lines.length && problems.length < MAX_PROBLEMS; index++) {
    const line = lines[index]!.trim();
    if (line === '') continue;
    if (line.startsWith('#')) {
      date ||= /^#\s*date:\s*(\d{4}-\d{2}-\d{2})\s*$/.exec(line)?.[1] ?? '';
      continue;
    }
    const [first = '', second = ''] = line.split(',', 2).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    // A first line of titles.
    if (entries.length === 0 && /^[a-z_]+$/i.test(first)) continue;
    const problem = (code: string, message: string, column: number): void => {
      problems.push({ file, line: index + 1, column, path: '', code, message: `${message}; ${REMEDY[key]}` });
    };
    let prefix: Prefix;
    try {
      prefix = parsePrefix(first);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      problem('bad-address', `'${printable(first.slice(0, 80))}' is no prefix`, 1);
      continue;
    }
    if (second !== '' && !VALUE[key].test(second)) {
      problem('bad-value', `'${printable(second.slice(0, 80))}' is no ${key === 'asn' ? 'AS number' : 'country'}`, first.length + 2);
      continue;
    }
    const text = key === 'asn' ? asNumber(second) : second === 'ZZ' ? '' : second;
    let value = numbers.get(text);
    if (value === undefined) {
      value = values.push(text);
      numbers.set(text, value);
    }
    entries.push({ prefix, value });
  }
  return { date, tree: treeOfPrefixes(entries), values };
}
