import { describe, expect, test } from 'vitest';
import { differences, type Expected, type ExpectedFinding } from '../../../cli/scenario/expected.js';
import { bundledScenarios, loadScenario } from '../../../cli/scenario/scenario.js';

const finding: ExpectedFinding = {
  id: 'aaaabbbbccccdddd',
  detection: 'claim-violation',
  claim: 'no-internet',
  asset: 'scan-1',
  peer: '203.0.113.7',
  protocol: 6,
  port: 443,
  initiator: 'asset',
  completion: 'established',
  severity: 'critical',
};
const expected: Expected = { findings: [finding], verdicts: [{ claim: 'no-internet', verdict: 'VIOLATED', reasons: ['violated'] }] };

describe('expectations', () => {
  test('equal is silent', () => {
    expect(differences(expected, structuredClone(expected))).toEqual([]);
  });

  test('what is missing, unexpected or different is named with the field that differs', () => {
    const other = { ...finding, id: '1111222233334444', peer: '203.0.113.8' };
    const lines = differences(expected, {
      findings: [{ ...finding, completion: 'attempt' }, other],
      verdicts: [],
    });
    expect(lines).toEqual([
      'expected:   finding aaaabbbb critical claim no-internet: scan-1 ↔ 203.0.113.7 6/443, begun by asset, established',
      'but found:  finding aaaabbbb critical claim no-internet: scan-1 ↔ 203.0.113.7 6/443, begun by asset, attempt [differs in completion]',
      'unexpected: finding 11112222 critical claim no-internet: scan-1 ↔ 203.0.113.8 6/443, begun by asset, established',
      'missing:    verdict of no-internet: VIOLATED (violated)',
    ]);
  });
});

describe('bundled scenarios', () => {
  test('are complete: four recordings each, claims, and what must come out', () => {
    expect(bundledScenarios()).toEqual(['port-scanners', 'billing-cluster']);
    for (const scenario of bundledScenarios().map(loadScenario)) {
      expect([...scenario.inputs.keys()]).toEqual(['packets', 'netflow5', 'netflow9', 'ipfix']);
      expect(scenario.untilMs - scenario.fromMs).toBe(86_400_000);
    }
  });

  test('an unknown one is refused with the names of those that exist', () => {
    expect(() => loadScenario('../../etc')).toThrow('bundled are port-scanners, billing-cluster');
  });
});
