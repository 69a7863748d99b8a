import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadClaims } from '../../../detector/claims/load.js';
import { packageRoot } from '../../../flow/service/paths.js';

const folder = (name: string): string => join(packageRoot(), 'fixtures/scenarios', name);

test('x', () => {
  try {
    const a = loadClaims(join(folder('port-scanners'), 'claims.yaml')).claims;
    const b = loadClaims(join(folder('billing-cluster'), 'claims.yaml'), join(folder('billing-cluster'), 'approvals.jsonl')).claims;
    console.log(
      a.claims.map((c) => [c.id, c.kind, c.rules.map((r) => r.text)]),
      b.assets,
      b.claims.map((c) => [c.id, c.notJudged]),
    );
    console.log(b.claims[0]!.rules[0]!.during![0]!.contains(Date.parse('2026-12-03T12:20:35Z'), Date.parse('2026-12-03T15:40:00Z')));
  } catch (e) {
    console.log(e);
    throw e;
  }
  expect(1).toBe(1);
});
