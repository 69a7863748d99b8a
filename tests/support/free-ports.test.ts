import { expect, test } from 'vitest';
import { freePorts } from './free-ports.js';

test('ports are given once, and lie where no socket gets one by chance', async () => {
  const ports = [...(await freePorts(20)), ...(await freePorts(20))];
  expect(new Set(ports).size).toBe(40);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});
