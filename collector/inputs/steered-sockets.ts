import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Log } from '../../flow/service/log.js';
import { errorCode } from './input-error.js';
import { type ListenAddress, listenName, socketOptions } from './listen.js';
import { askForBuffer } from './receive-buffer.js';

export const STEERED_DEFAULTS = {
  /** Senders with a socket of their own; what further ones send comes through the dispatcher. Kernels before 6.13 look through all sockets of a port. */
  maxSteered: 256,
  /** A socket whose sender has been silent this long is closed; it gets another when it sends again. */
  idleMs: 600_000,
} as const;

interface Steered {
  readonly socket: Socket;
  lastMs: number;
}

export interface SteeredDependencies {
  readonly log: Log;
  readonly receiveBufferOctets: number;
  readonly now: () => number;
  readonly receive: (payload: Uint8Array, sender: RemoteInfo) => void;
  /** What somebody else sent, between the opening of a socket and its connecting. */
  readonly stray: (payload: Uint8Array, sender: RemoteInfo, listen: ListenAddress) => void;
  /** A socket is open there. */
  readonly opened: (local: ListenAddress) => void;
}

/** Sockets that are connected to one sender each, on ports that another process holds too (see udp-dispatcher.ts). */
export class SteeredSockets {
  private readonly dependencies: SteeredDependencies;
  private readonly bySender = new Map<string, Steered>();
  private readonly opening = new Map<string, Promise<void>>();

  constructor(dependencies: SteeredDependencies) {
    this.dependencies = dependencies;
  }

  get size(): number {
    return this.bySender.size;
  }

  /** Opens the socket of a sender unless it has one, or there are too many. A failure is told to the log: the dispatcher goes on handing on. */
  async open(listen: ListenAddress, sender: { readonly address: string; readonly port: number }): Promise<void> {
    const key = `${sender.address} ${sender.port} ${listen.address} ${listen.port}`;
    if (this.bySender.has(key) || this.opening.has(key)) return;
    if (this.bySender.size + this.opening.size >= STEERED_DEFAULTS.maxSteered) return;
    const opening = this.connect(key, listen, sender)
      .catch((error: unknown) => {
        this.dependencies.log.warn(
          { ...sender, error: errorCode(error) },
          `no socket of its own for a sender to ${listenName('UDP', listen)}`,
        );
      })
      .finally(() => this.opening.delete(key));
    this.opening.set(key, opening);
    await opening;
  }

  closeIdle(): void {
    const before = this.dependencies.now() - STEERED_DEFAULTS.idleMs;
    for (const [key, { socket, lastMs }] of this.bySender) {
      if (lastMs >= before) continue;
      this.bySender.delete(key);
      socket.close();
    }
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.opening.values());
    const sockets = [...this.bySender.values()].map(({ socket }) => socket);
    this.bySender.clear();
    await Promise.all(
      sockets.map((socket) => {
        const closed = once(socket, 'close');
        socket.close();
        return closed;
      }),
    );
  }

  private async connect(key: string, listen: ListenAddress, sender: { readonly address: string; readonly port: number }): Promise<void> {
    const { log, receiveBufferOctets, now, receive, stray, opened } = this.dependencies;
    const socket = createSocket({ ...socketOptions(listen.address), reuseAddr: true });
    const steered: Steered = { socket, lastMs: now() };
    socket.on('message', (payload, from) => {
      if (from.port !== sender.port || from.address !== sender.address) {
        stray(payload, from, listen);
        return;
      }
      steered.lastMs = now();
      receive(payload, from);
    });
    try {
      socket.bind({ address: listen.address, port: listen.port, exclusive: true });
      await once(socket, 'listening');
      socket.connect(sender.port, sender.address);
      await once(socket, 'connect');
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('error', () => undefined);
    askForBuffer(socket, listen, receiveBufferOctets, log);
    this.bySender.set(key, steered);
    const { address, port } = socket.address();
    opened({ address, port });
  }
}
