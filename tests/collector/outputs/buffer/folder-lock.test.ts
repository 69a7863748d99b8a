import { once } from 'node:events';
import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BufferError } from '../../../../collector/outputs/buffer/buffer-error.js';
import { LOCK_NAME, lockFolder } from '../../../../collector/outputs/buffer/folder-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a killed process leaves: the name of a socket that nobody listens on. */
async function leaveDeadLock(within: string): Promise<void> {
  const server = createServer().listen(join(within, 'elsewhere'));
  await once(server, 'listening');
  renameSync(join(within, 'elsewhere'), join(within, LOCK_NAME));
  await new Promise((resolve) => server.close(resolve));
}

test('of those that find the lock of a killed process at the same moment, one gets the folder', async () => {
  await leaveDeadLock(folder);
  const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder)));
  const got = attempts.filter((attempt) => attempt.status === 'fulfilled');
  const refused = attempts.filter((attempt) => attempt.status === 'rejected').map(({ reason }) => (reason as BufferError).code);
  expect([got.length, ...refused]).toEqual([1, ...Array.from({ length: 5 }, () => 'buffer-in-use')]);
  for (const { value: release } of got) await release();
});

test('a folder that is used is refused, and free once it was released', async () => {
  await leaveDeadLock(folder);
  const release = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'buffer-in-use' });
  await release();
  expect(readdirSync(folder)).toEqual([]);
  await (await lockFolder(folder))();
});
