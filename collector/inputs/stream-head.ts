import { Readable } from 'node:stream';

/** Longest to wait for more of a stream's beginning once it has begun: a live capture through a pipe must not wait for a full head. */
export const HEAD_WAIT_MS = 2000;

export interface StreamHead {
  /** The first octets, up to as many as were asked for; fewer where the stream ended, or came too slowly. */
  readonly head: Uint8Array;
  /** The whole stream, the head included: what was looked at is read again. Destroying it destroys the stream. */
  readonly whole: Readable;
}

/** Reads the beginning of a stream that can be read once only, to look at it before its reader is chosen. */
export async function readHead(stream: Readable, octets: number, waitMs = HEAD_WAIT_MS): Promise<StreamHead> {
  const chunks: AsyncIterator<unknown> = stream[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  let next = chunks.next();
  let timer: NodeJS.Timeout | undefined;
  let late: Promise<undefined> | undefined;
  while (length < octets) {
    const chunk = await (late === undefined ? next : Promise.race([next, late]));
    if (chunk === undefined || chunk.done === true) break;
    next = chunks.next();
    // An error of the stream is the reader's to meet, when it comes to the place.
    next.catch(() => undefined);
    if (!(chunk.value instanceof Uint8Array) || chunk.value.length === 0) continue;
    held.push(chunk.value);
    length += chunk.value.length;
    late ??= new Promise((resolve) => {
      timer = setTimeout(resolve, waitMs, undefined);
    });
  }
  clearTimeout(timer);
  const head = Buffer.concat(held).subarray(0, octets);
  return { head: new Uint8Array(head), whole: joined(held, next, chunks, stream) };
}

/** A stream of the chunks in `held`, then `next`, then what `rest` gives. Octets, not objects: chunks may be joined or cut. */
function joined(
  held: readonly Uint8Array[],
  next: Promise<IteratorResult<unknown>>,
  rest: AsyncIterator<unknown>,
  stream: Readable,
): Readable {
  let given = 0;
  let pending = next;
  return new Readable({
    read() {
      if (given < held.length) {
        this.push(held[given++]);
        return;
      }
      pending.then(
        (result) => {
          if (result.done !== true) pending = rest.next();
          this.push(result.done === true ? null : result.value);
        },
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, done) {
      stream.destroy();
      done(error);
    },
  });
}
