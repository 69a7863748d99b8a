import { existsSync, readFileSync } from 'node:fs';
import type { Verdict } from '../../detector/coverage/verdict-types.js';
import type { Finding } from '../../detector/findings/finding.js';
import { UsageError } from '../errors.js';

/** What identifies a finding whatever the format of its telemetry; volumes may differ by what a format carries. */
export interface ExpectedFinding {
  readonly id: string;
  readonly detection: string;
  readonly claim: string;
  readonly asset: string;
  readonly peer: string;
  readonly protocol: number;
  readonly port: number;
  readonly initiator: string;
  readonly completion: string;
  readonly severity: string;
}

export interface ExpectedVerdict {
  readonly claim: string;
  readonly verdict: string;
  /** Reason codes, sorted. */
  readonly reasons: readonly string[];
}

export interface Expected {
  readonly findings: readonly ExpectedFinding[];
  readonly verdicts: readonly ExpectedVerdict[];
}

/** The part of findings and verdicts that must be the same again, in a stable order. */
export function summarise(findings: readonly Finding[], verdicts: readonly Verdict[]): Expected {
  return {
    findings: findings
      .map(({ id, detection, claim, asset, peerAddress, protocol, port, initiator, completion, severity }) => ({
        id,
        detection,
        claim,
        asset,
        peer: peerAddress,
        protocol,
        port,
        initiator,
        completion,
        severity,
      }))
      .sort(byKey(({ claim, detection, asset, peer, port, id }) => [claim, detection, asset, peer, String(port), id].join(' '))),
    verdicts: verdicts
      .map(({ claim, verdict, reasons }) => ({ claim, verdict, reasons: [...new Set(reasons.map(({ code }) => code))].sort() }))
      .sort(byKey(({ claim }) => claim)),
  };
}

/** Reads an expectation file. Throws UsageError when it is missing or no such file. */
export function readExpected(path: string): Expected {
  if (!existsSync(path))
    throw new UsageError(
      `${path}: no such file; write one with 'cordon replay … --write-expected ${path}' and read it before you trust it`,
    );
  const text = readFileSync(path, 'utf8');
  try {
    const value = JSON.parse(text) as Partial<Expected> | null;
    if (Array.isArray(value?.findings) && Array.isArray(value.verdicts)) return value as Expected;
  } catch {
    // What is no JSON is met by the same sentence.
  }
  throw new UsageError(`${path}: this is no file of expectations; it must hold JSON: {"findings": […], "verdicts": […]}`);
}

/** Differences in words, one a line; empty when both are equal. */
export function differences(expected: Expected, actual: Expected): string[] {
  return [
    ...compare(expected.findings, actual.findings, ({ id }) => id, describeFinding),
    ...compare(
      expected.verdicts,
      actual.verdicts,
      ({ claim }) => claim,
      ({ claim, verdict, reasons }) => `verdict of ${claim}: ${verdict} (${reasons.join(', ')})`,
    ),
  ];
}

function compare<T extends object>(
  expected: readonly T[],
  actual: readonly T[],
  key: (item: T) => string,
  describe: (item: T) => string,
): string[] {
  const found = new Map(actual.map((item) => [key(item), item]));
  const lines: string[] = [];
  for (const item of expected) {
    const other = found.get(key(item));
    found.delete(key(item));
    if (other === undefined) lines.push(`missing:    ${describe(item)}`);
    else if (JSON.stringify(item) !== JSON.stringify(other))
      lines.push(`expected:   ${describe(item)}`, `but found:  ${describe(other)}${changedFields(item, other)}`);
  }
  return [...lines, ...[...found.values()].map((item) => `unexpected: ${describe(item)}`)];
}

function changedFields(expected: object, actual: object): string {
  const names = Object.keys(expected).filter((name) => JSON.stringify(expected[name as never]) !== JSON.stringify(actual[name as never]));
  return ` [differs in ${names.join(', ')}]`;
}

function describeFinding(finding: ExpectedFinding): string {
  const what = finding.claim === '' ? finding.detection : `claim ${finding.claim}`;
  return `finding ${finding.id.slice(0, 8)} ${finding.severity} ${what}: ${finding.asset} ↔ ${finding.peer} ${finding.protocol}/${finding.port}, begun by ${finding.initiator}, ${finding.completion}`;
}

function byKey<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
}
