import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { StoredVerdict } from '../../../detector/coverage/amendment.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
beforeAll(freshDist);

test('verdict --history lists the final verdicts that were stored, whole', async () => {
  const data = join(scratch.path, 'data');
  await command(['replay', '--scenario', 'port-scanners', '--input', 'ipfix', '--data', data]);
  const { code, stdout, stderr } = await command(['verdict', '--history', '--json', '--data', data]);
  expect([code, stderr]).toEqual([0, '']);
  const history = JSON.parse(stdout) as StoredVerdict[];
  expect(history.length).toBeGreaterThan(0);
  for (const verdict of history) {
    expect(verdict.reasons.map(({ code: why }) => why)).not.toContain('not-final');
    expect(verdict.computedMs).toBeGreaterThan(0);
    expect(Object.keys(verdict.numbers)).toContain('recordsJudged');
  }
});
