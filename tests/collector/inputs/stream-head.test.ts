import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHead } from '../../../collector/inputs/stream-head.js';

async function contentOf(stream: Readable): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

describe('looking at the beginning of a stream', () => {
  test('property: the head is the beginning, and nothing of the stream is lost', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 200 }), async (parts, octets) => {
        const content = Buffer.concat(parts);
        const { head, whole } = await readHead(Readable.from(parts), octets);
        expect(Buffer.from(head)).toEqual(content.subarray(0, octets));
        expect(await contentOf(whole)).toEqual(content);
      }),
      { numRuns: 100 },
    );
  });

  test('a slow stream is not waited for once it has begun', async () => {
    const pipe = new PassThrough();
    pipe.write('begun');
    const { head, whole } = await readHead(pipe, 1000, 20);
    expect(Buffer.from(head).toString()).toBe('begun');
    const content = contentOf(whole);
    pipe.end(' and ended');
    expect((await content).toString()).toBe('begun and ended');
  });

  test('a stream that breaks tells its reader, and one that is left alone is closed', async () => {
    const broken = new PassThrough();
    broken.write('x');
    const first = await readHead(broken, 10, 20);
    setImmediate(() => broken.destroy(new Error('the pipe is gone')));
    await expect(contentOf(first.whole)).rejects.toThrow('the pipe is gone');
    const idle = new PassThrough();
    idle.write('x');
    const second = await readHead(idle, 10, 20);
    second.whole.destroy();
    if (!idle.closed) await once(idle, 'close');
    expect(idle.destroyed).toBe(true);
  });
});
