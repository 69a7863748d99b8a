import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Expected } from '../../../cli/scenario/expected.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
const expected = (): { findings: Expected['findings'][number][]; verdicts: Expected['verdicts'][number][] } =>
  JSON.parse(readFileSync(scenarioFile('port-scanners', 'expected.json'), 'utf8'));

/** Replays the scanners' day as IPFIX, which is the shortest, against an expectation. */
async function replayAgainst(name: string, value: Expected) {
  const file = scratch.write(name, JSON.stringify(value));
  return command(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--expect', file]);
}

beforeAll(freshDist);

describe('the bundled scenarios', () => {
  test('run --bundled --once finds what they expect and says so', async () => {
    const { code, stdout, stderr } = await command(['run', '--bundled', '--once']);
    expect(stderr).toBe('');
    expect(stdout).toContain('Customs X-ray scanners on a closed data network\n');
    expect(stdout).toContain('A billing database run by its vendor\n');
    for (const word of ['VIOLATED', 'VERIFIED', 'NOT_PROVEN']) expect(stdout).toMatch(new RegExp(`^${word} `, 'm'));
    expect(stdout.endsWith('\nFindings and verdicts are what the scenarios expect.\n')).toBe(true);
    expect(code).toBe(0);
  });
});

describe('replay --expect', () => {
  test('exits 0 when all is as expected, though claims are violated', async () => {
    const { code, stderr } = await replayAgainst('same.json', expected());
    expect([code, stderr]).toEqual([0, '']);
  });

  test('tells a finding that is missing, one that nobody expected, one that differs, and a verdict that differs', async () => {
    const { findings, verdicts } = expected();
    const [first, second, third] = findings;
    const verdict = verdicts.find((one) => one.verdict === 'VERIFIED')!;
    const tampered: Expected = {
      findings: [{ ...first!, id: '0'.repeat(32), peer: '203.0.113.201' }, { ...second!, severity: 'low' }, ...findings.slice(3)],
      verdicts: verdicts.map((one) => (one === verdict ? { ...one, verdict: 'VIOLATED' } : one)),
    };
    const { code, stderr } = await replayAgainst('tampered.json', tampered);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    expect(lines[0]).toBe(
      `missing:    finding 00000000 critical claim closed-network: scan-mv-01 ↔ 203.0.113.201 6/8443, begun by asset, transferred`,
    );
    expect(lines[1]).toMatch(/^expected: {3}finding \w{8} low claim closed-network: scan-mv-01 ↔ 203\.0\.113\.7 /);
    expect(lines[2]).toMatch(/^but found: {2}finding \w{8} critical .* \[differs in severity\]$/);
    expect(
      lines
        .slice(3, 5)
        .map((line) => line.slice(0, 28))
        .sort(),
    ).toEqual([first!, third!].map(({ id }) => `unexpected: finding ${id.slice(0, 8)}`).sort());
    expect(lines[5]).toMatch(new RegExp(`^expected: {3}verdict of ${verdict.claim}: VIOLATED`));
    expect(lines[6]).toMatch(new RegExp(`^but found: {2}verdict of ${verdict.claim}: VERIFIED .* \\[differs in verdict\\]$`));
    expect(code).toBe(1);
  });
});
