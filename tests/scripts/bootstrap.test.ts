import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../flow/service/paths.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-bootstrap-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('packages of another checkout, which a link leads to, are refused and left alone', () => {
  const [checkout, other] = [join(folder, 'checkout'), join(folder, 'other')];
  mkdirSync(join(checkout, 'scripts'), { recursive: true });
  mkdirSync(other);
  copyFileSync(join(packageRoot(), 'scripts/bootstrap.mjs'), join(checkout, 'scripts/bootstrap.mjs'));
  // What npm would install here: nothing, after it has emptied the folder.
  writeFileSync(join(checkout, 'package.json'), '{"name":"checkout","version":"0.0.0"}');
  writeFileSync(
    join(checkout, 'package-lock.json'),
    '{"name":"checkout","version":"0.0.0","lockfileVersion":3,"packages":{"":{"name":"checkout","version":"0.0.0"}}}',
  );
  writeFileSync(join(other, 'precious'), 'of the other');
  symlinkSync(other, join(checkout, 'node_modules'));

  const { status, stderr } = spawnSync(process.execPath, [join(checkout, 'scripts/bootstrap.mjs'), 'build'], { encoding: 'utf8' });

  expect(stderr).toMatch(/^cordon: .*\/checkout\/node_modules is a symbolic link, .*; remove the link and run the command again\n$/);
  expect(status).toBe(4);
  expect(readdirSync(other)).toEqual(['precious']);
  expect(readFileSync(join(other, 'precious'), 'utf8')).toBe('of the other');
});
