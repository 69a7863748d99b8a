import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { REPORT_LIMITS } from '../../detector/report/figures.js';
import { MOST_CHARACTERS } from '../../detector/report/page/html.js';
import { packageRoot } from '../../flow/service/paths.js';

const root = packageRoot();

test('docs/report.md tells the limits that the report has', () => {
  const text = readFileSync(join(root, 'docs/report.md'), 'utf8');
  const told = [...text.slice(text.indexOf('## How large it gets')).matchAll(/\| ([\d ·]+) \|/g)].flatMap(([, cell]) =>
    cell!.split('·').map((part) => Number(part.replaceAll(' ', ''))),
  );
  expect(told.sort((a, b) => a - b)).toEqual([...Object.values(REPORT_LIMITS), MOST_CHARACTERS].sort((a, b) => a - b));
});

test.each(['README.md', 'docs/report.md', 'docs/operations.md', 'docs/claims.md'])('pictures of %s are there', (file) => {
  const pictures = [...readFileSync(join(root, file), 'utf8').matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path!);
  expect(pictures.length).toBeGreaterThan(0);
  for (const picture of pictures) expect(existsSync(join(root, dirname(file), picture)), picture).toBe(true);
});
