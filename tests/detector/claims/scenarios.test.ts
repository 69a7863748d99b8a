import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintClaims } from '../../../detector/claims/lint.js';
import { loadClaims } from '../../../detector/claims/load.js';
import { formatProblem } from '../../../detector/claims/problem.js';
import { runClaimTests } from '../../../detector/tools/claim-tests.js';
import { parseAddress } from '../../../flow/address.js';
import { packageRoot } from '../../../flow/service/paths.js';

const fileOf = (scenario: string, name: string): string => join(packageRoot(), 'fixtures/scenarios', scenario, name);
const scanners = [fileOf('port-scanners', 'claims.yaml')] as readonly [string, string?];
const drilled = [join(packageRoot(), 'fixtures/claims/drilled.claims.yaml')] as readonly [string, string?];
const billing = [fileOf('billing-cluster', 'claims.yaml'), fileOf('billing-cluster', 'approvals.jsonl')] as readonly [string, string?];
const at = (text: string): number => Date.parse(`2026-12-03T${text}+01:00`);

describe('the claim files of the scenarios', () => {
  test.each([{ files: scanners }, { files: billing }, { files: drilled }])(
    '$files loads and has no lint',
    ({ files: [claims, approvals] }) => {
      // Those of drills want a key; whatever is long enough serves.
      expect(lintClaims(claims, approvals, { drillKey: claims }).map(formatProblem)).toEqual([]);
    },
  );

  test('port-scanners: incidents match the rules they should break, the usual traffic does not', () => {
    const { claims } = loadClaims(...scanners);
    const hit = (claim: string, address: string): boolean =>
      claims.claims.find((one) => one.id === claim)!.rules.some((rule) => rule.matchesPeer(claims.atomOf(parseAddress(address), 0)));
    for (const outside of ['203.0.113.7', '198.51.100.99', '203.0.113.200']) {
      expect([hit('closed-network', outside), hit('no-internet', outside), hit('data-stays-customer', outside)]).toEqual([
        false,
        true,
        true,
      ]);
    }
    expect(['203.0.113.7', '203.0.113.200'].map((address) => hit('vendor-country', address))).toEqual([false, true]);
    for (const usual of ['10.40.20.21', '10.40.30.10', '10.40.1.53', '10.40.1.123', '10.40.9.4']) {
      expect([hit('closed-network', usual), hit('no-internet', usual), hit('no-local-neighbours', usual)]).toEqual([true, false, false]);
    }
    const maintenance = claims.claims[0]!.rules[4]!.during![0]!;
    expect([maintenance.contains(at('02:31:07'), at('04:40:00')), maintenance.contains(at('14:00:00'), at('14:01:00'))]).toEqual([
      true,
      false,
    ]);
  });

  test('billing-cluster: the ticket and the nightly batch are open when the scenario uses them', () => {
    const { claims } = loadClaims(...billing);
    const window = (claim: string) => claims.claims.find((one) => one.id === claim)!.rules[0]!.during![0]!;
    expect(window('strict-access').contains(at('13:20:35'), at('16:45:00'))).toBe(true);
    expect(window('strict-access').contains(at('19:48:11'), at('19:50:00'))).toBe(false);
    expect(window('batch-only-at-night').contains(at('00:41:03'), at('00:43:00'))).toBe(true);
    expect(window('batch-only-at-night').contains(at('12:00:00'), at('12:00:01'))).toBe(false);
    expect(claims.assets.filter(({ auxiliary }) => !auxiliary).map((asset) => asset.unit)).toEqual(['billing-db', 'billing-db']);
    expect(claims.claims.filter((claim) => claim.notJudged !== undefined)).toEqual([]);
  });
});

test('the tests in the drilled file pass', () => {
  expect(runClaimTests(drilled[0]).map(({ claim, passed }) => [claim, passed])).toEqual([
    ['closed-network', true],
    ['no-internet', true],
    ['no-lateral', true],
  ]);
});

describe('docs/claims.md', () => {
  const text = readFileSync(join(packageRoot(), 'docs/claims.md'), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n# (fixtures\/\S+)\n([\s\S]*?)```/g)];
  const plain = (yaml: string): string[] =>
    yaml
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);

  test('each example stands, line by line, in the tested file that it names', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    // Those of the walkthrough are typed by a test of their own (tests/pipeline/scenarios-walkthrough.test.ts).
    expect(text.match(/```yaml\n(?!# first\.claims\.yaml)/g)?.length).toBe(blocks.length);
    for (const [, file = '', yaml = ''] of blocks) {
      expect(existsSync(join(packageRoot(), file)), file).toBe(true);
      const lines = new Set(plain(readFileSync(join(packageRoot(), file), 'utf8')));
      for (const line of plain(yaml)) expect(lines.has(line), `${file}: ${line}`).toBe(true);
    }
  });
});
