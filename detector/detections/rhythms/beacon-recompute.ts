import { maskAddress, parseAddress, parsePrefix } from '../../../flow/address.js';
import { SECOND_MS } from '../../../flow/time.js';
import { TOGETHER_MS } from '../../baseline/start-rings.js';
import type { CompiledClaims } from '../../claims/compiled.js';
import type { Finding } from '../../findings/finding.js';
import { formatPort } from '../../findings/quantity.js';
import type { FindingFlow } from '../detection.js';
import { exchangeStarts } from '../observed-record.js';
import { recordsOf } from '../recompute.js';

/** Period of the connections in the finding's window, in seconds: the median interval between their starts. */
export function recomputeBeacon(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number {
  const own = finding.peerAddress === '::' ? rowsOfNetwork(finding, rows) : rows;
  return medianInterval(startsIn(finding, own, claims)) / SECOND_MS;
}

/** Starts of sessions within the finding's window, in order of time; those side by side are one. */
export function startsIn(finding: Finding, rows: readonly FindingFlow[], claims: CompiledClaims): number[] {
  const starts = recordsOf(rows, claims)
    .filter((record) => exchangeStarts(record) && record.startMs >= finding.windowFromMs && record.startMs < finding.windowToMs)
    .map((record) => record.startMs)
    .sort((a, b) => a - b);
  return starts.filter((ms, index) => index === 0 || ms - starts[index - 1]! >= TOGETHER_MS);
}

/** In ms; NaN for fewer than two starts. */
export function medianInterval(starts: readonly number[]): number {
  const intervals = starts
    .slice(1)
    .map((ms, index) => ms - starts[index]!)
    .sort((a, b) => a - b);
  const half = intervals.length >>> 1;
  return intervals.length % 2 === 1 ? intervals[half]! : (intervals[half - 1]! + intervals[half]!) / 2;
}

/** The rows that go to the network and port that the rule names. */
function rowsOfNetwork({ rule }: Finding, rows: readonly FindingFlow[]): FindingFlow[] {
  const [, network = '', port = ''] = /network and port (\S+) ([^:]+):/.exec(rule) ?? [];
  const { bytes, length } = parsePrefix(network);
  return rows.filter((row) => {
    if (formatPort(row.protocol, row.peerPort) !== port) return false;
    const masked = maskAddress(parseAddress(row.peer), length);
    return masked.every((byte, index) => byte === bytes[index]);
  });
}
