import type { Socket } from 'node:net';
import type { FlowSource, Origin } from '../contracts.js';
import { MessageFramer } from './message-framer.js';
import type { TcpCounters } from './tcp-counters.js';

/** Of something that is no IPFIX message: as much as its header would be. */
const NO_MESSAGE_OCTETS = 16;

/** Why a connection ended: by the exporter, within a message, because it sent something else, too slowly, or because we stop. */
export type EndReason = 'closed' | 'cut' | 'broken' | 'slow' | 'stopped';

/**
 * One connection. Octets come as 'data' events; while `deliver` waits the socket is paused and the kernel's window closes, which is how an exporter
 * learns to wait.
 */
export class TcpConnection {
  /** Resolves when the socket is closed and all that was read is handed over. */
  readonly ended: Promise<EndReason>;
  private readonly socket: Socket;
  private readonly origin: Origin;
  private readonly counters: TcpCounters;
  private readonly now: () => number;
  private readonly fail: (error: unknown) => void;
  private readonly framer = new MessageFramer();
  private deliver: Parameters<FlowSource['start']>[0] | undefined;
  private waiting: Promise<void> | undefined;
  private begunMs = Number.POSITIVE_INFINITY;
  private reason: EndReason | undefined;

  constructor(socket: Socket, origin: Origin, counters: TcpCounters, now: () => number, fail: (error: unknown) => void) {
    this.socket = socket;
    this.origin = origin;
    this.counters = counters;
    this.now = now;
    this.fail = fail;
    // Every error is followed by 'close'.
    socket.on('error', () => undefined);
    this.ended = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => this.end());
  }

  /** When the message that is not complete began, in ms; Infinity when there is none, or when it is us who wait. */
  get waitsSinceMs(): number {
    return this.waiting === undefined ? this.begunMs : Number.POSITIVE_INFINITY;
  }

  /** Begins to read; until then everything waits in the kernel. */
  begin(deliver: Parameters<FlowSource['start']>[0]): void {
    this.deliver = deliver;
    this.socket.on('data', (chunk: Buffer) => {
      this.counters.octets += chunk.length;
      this.framer.push(chunk);
      this.advance();
    });
  }

  closeSlow(): void {
    this.counters.slow++;
    this.close('slow');
  }

  stop(): void {
    this.close('stopped');
  }

  /** Hands over complete messages until none is left, or until `deliver` makes us wait. */
  private advance(): void {
    for (let message = this.framer.take(); message !== undefined; message = this.framer.take()) {
      const done = this.hand(message);
      if (done !== undefined) {
        this.wait(done);
        return;
      }
    }
    if (this.framer.broken) {
      this.counters.broken++;
      this.close('broken');
    } else if (!this.framer.waits) this.begunMs = Number.POSITIVE_INFINITY;
    else if (this.begunMs === Number.POSITIVE_INFINITY) this.begunMs = this.now();
  }

  private wait(done: Promise<void>): void {
    this.socket.pause();
    this.begunMs = Number.POSITIVE_INFINITY;
    this.waiting = done
      .then(() => {
        this.waiting = undefined;
        this.advance();
        if (this.waiting === undefined) this.socket.resume();
      })
      .catch((error: unknown) => {
        this.waiting = undefined;
        this.deliver = undefined;
        this.fail(error);
      });
  }

  private hand(message: Uint8Array): void | Promise<void> {
    if (this.deliver === undefined) return undefined;
    this.counters.messages++;
    this.origin.receivedMs = this.now();
    try {
      return this.deliver(message, this.origin);
    } catch (error) {
      this.deliver = undefined;
      this.fail(error);
      return undefined;
    }
  }

  private close(reason: EndReason): void {
    this.reason ??= reason;
    this.socket.destroy();
  }

  private async end(): Promise<EndReason> {
    while (this.waiting !== undefined) await this.waiting;
    // A message that is cut is read as far as it goes; of what is none the decoder sees enough to count it.
    const rest = this.framer.broken ? this.framer.rest().subarray(0, NO_MESSAGE_OCTETS) : this.framer.rest();
    if (rest.length > 0) {
      if (this.reason === undefined) this.counters.cut++;
      this.reason ??= 'cut';
      await this.hand(rest);
    }
    return this.reason ?? 'closed';
  }
}
