import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Prefix, parseAddress } from '../../flow/address.js';
import type { Log } from '../../flow/service/log.js';
import { InputError } from './input-error.js';
import { bindError, createAllowList, type ListenAddress, listenName, senderAddress, socketOptions } from './listen.js';
import { MAX_EXPORTERS } from './origins.js';
import { askForBuffer } from './receive-buffer.js';
import { createKernelDrops, type KernelDrops } from './udp-kernel-drops.js';

/*
 * One exporter, one process: templates and sequence numbers of an exporter are known to the process that read them, so all its datagrams must meet that one.
 * The dispatcher holds the ports. What comes is first handed on; when a sender goes on sending, its process is told to open a socket on the same port that is
 * *connected* to this sender, and from then on the kernel hands the sender's datagrams to that socket (a connected socket matches better than an open one,
 * udp(7); SO_REUSEADDR lets both be bound). The dispatcher sees none of them any more, whatever their number. When the process dies its sockets are
 * gone, and the senders are back here.
 */

export const DISPATCH_DEFAULTS = {
  /** Datagrams of one sender that are handed on before it is steered: a forged sender costs no socket. */
  steerAfter: 16,
  /** Asked again each time so many more have come nevertheless: the socket was closed as idle, or could not be opened. */
  steerAgainEvery: 1024,
  maxSenders: MAX_EXPORTERS,
  dropsIntervalMs: 1000,
} as const;

/** A datagram on its way to another process. */
export interface HandedOn {
  readonly payload: Uint8Array;
  readonly address: string;
  readonly port: number;
  /** Which of the dispatcher's ports it came to. */
  readonly listen: number;
  readonly receivedMs: number;
}

/** Who sends, as Node names it, and to which of the dispatcher's ports. */
export interface Sender {
  readonly address: string;
  readonly port: number;
  readonly listen: number;
}

export interface UdpDispatcherOptions {
  readonly listen: readonly ListenAddress[];
  /** Number of processes, from 1. */
  readonly members: number;
  readonly allow?: readonly Prefix[];
  readonly receiveBufferOctets: number;
  readonly steerAfter?: number;
  readonly maxSenders?: number;
  readonly dropsIntervalMs?: number;
}

export interface UdpDispatcherDependencies {
  readonly log: Log;
  readonly now: () => number;
  /** Takes datagrams for a member; what came in one turn of the event loop comes together. */
  readonly handOn: (member: number, datagrams: readonly HandedOn[]) => void;
  /** Asks a member to take a sender over. */
  readonly steer: (member: number, sender: Sender) => void;
  /** What nobody has counted yet: datagrams of senders that are not allowed, and what the kernel dropped here. Told about once a second. */
  readonly tell: (counts: { readonly refused: number; readonly kernelDrops: number }) => void;
  /** A socket has failed for good. */
  readonly failed: (error: unknown) => void;
}

export interface UdpDispatcher {
  readonly counters: { readonly handedOn: number; readonly refused: number; readonly kernelDrops: number };
  bind(): Promise<readonly ListenAddress[]>;
  /** Hands on what a member's socket received for another, between its opening and its connecting. */
  stray(datagram: HandedOn): void;
  /** The member was started anew: its senders are steered again. */
  restarted(member: number): void;
  stop(): Promise<void>;
}

interface KnownSender {
  readonly member: number;
  seen: number;
}

/** Inert until `bind`. */
export function createUdpDispatcher(options: UdpDispatcherOptions, dependencies: UdpDispatcherDependencies): UdpDispatcher {
  const settings = { ...DISPATCH_DEFAULTS, ...options };
  const { log, now, handOn, steer, tell, failed } = dependencies;
  const isAllowed = createAllowList(options.allow);
  const counters = { handedOn: 0, refused: 0, kernelDrops: 0 };
  const sockets: Socket[] = [];
  const refusedLately = new Set<string>();
  const memberOf = new Map<string, number>();
  const exportersOf: number[] = Array.from({ length: options.members }, () => 0);
  const senders = new Map<string, KnownSender>();
  const pending: HandedOn[][] = Array.from({ length: options.members }, () => []);
  let isPending = false;
  let untoldRefused = 0;
  let drops: KernelDrops | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** The member of an exporter: the one that has the fewest, from its first datagram on. Undefined when it is not allowed. */
  function assign(address: string): number | undefined {
    const known = memberOf.get(address);
    if (known !== undefined || refusedLately.has(address)) return known;
    if (!isAllowed(senderAddress(address))) {
      if (refusedLately.size >= settings.maxSenders) refusedLately.clear();
      refusedLately.add(address);
      return undefined;
    }
    if (memberOf.size >= settings.maxSenders) forgetOldest();
    const member = exportersOf.indexOf(Math.min(...exportersOf));
    memberOf.set(address, member);
    exportersOf[member]!++;
    return member;
  }

  function forgetOldest(): void {
    for (const [address, member] of memberOf) {
      memberOf.delete(address);
      exportersOf[member]!--;
      return;
    }
  }

  function receive(payload: Uint8Array, { address, port }: RemoteInfo, listen: number): void {
    const member = assign(address);
    if (member === undefined) {
      counters.refused++;
      untoldRefused++;
      return;
    }
    const key = `${address} ${port} ${listen}`;
    let sender = senders.get(key);
    if (sender === undefined || sender.member !== member) {
      if (senders.size >= settings.maxSenders) senders.clear();
      sender = { member, seen: 0 };
      senders.set(key, sender);
    }
    sender.seen++;
    if (sender.seen === settings.steerAfter || sender.seen % settings.steerAgainEvery === 0) steer(member, { address, port, listen });
    enqueue(member, { payload, address, port, listen, receivedMs: now() });
  }

  function enqueue(member: number, datagram: HandedOn): void {
    counters.handedOn++;
    pending[member]!.push(datagram);
    if (isPending) return;
    isPending = true;
    setImmediate(flush);
  }

  function flush(): void {
    isPending = false;
    for (const [member, datagrams] of pending.entries()) {
      if (datagrams.length === 0) continue;
      pending[member] = [];
      handOn(member, datagrams);
    }
  }

  async function tellAll(): Promise<void> {
    let kernelDrops = 0;
    for (const { dropped } of (await drops?.read()) ?? []) kernelDrops += dropped;
    counters.kernelDrops += kernelDrops;
    const refused = untoldRefused;
    untoldRefused = 0;
    if (refused + kernelDrops > 0) tell({ refused, kernelDrops });
  }

  async function openSocket(listen: ListenAddress, index: number): Promise<Socket> {
    parseAddress(listen.address);
    await refuseTaken(listen);
    const socket = createSocket({ ...socketOptions(listen.address), reuseAddr: true });
    try {
      socket.bind({ address: listen.address, port: listen.port, exclusive: true });
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw bindError('UDP', listen, error);
    }
    askForBuffer(socket, listen, options.receiveBufferOctets, log);
    socket.on('message', (payload, sender) => receive(payload, sender, index));
    socket.on('error', (error) =>
      failed(new InputError('socket-failed', `${listenName('UDP', listen)} failed: ${error.message}`, { cause: error })),
    );
    return socket;
  }

  return {
    counters,

    async bind() {
      try {
        for (const [index, listen] of options.listen.entries()) sockets.push(await openSocket(listen, index));
      } catch (error) {
        for (const socket of sockets.splice(0)) socket.close();
        throw error;
      }
      const bound = sockets.map((socket) => {
        const { address, port } = socket.address();
        return { address, port };
      });
      drops = createKernelDrops(bound);
      await drops.read();
      timer = setInterval(() => void tellAll().catch(failed), settings.dropsIntervalMs);
      timer.unref();
      return bound;
    },

    stray(datagram) {
      const member = assign(datagram.address);
      if (member !== undefined) enqueue(member, datagram);
    },

    restarted(member) {
      for (const [key, sender] of senders) if (sender.member === member) senders.delete(key);
    },

    async stop() {
      clearInterval(timer);
      flush();
      await tellAll();
      await Promise.all(
        sockets.splice(0).map((socket) => {
          const closed = once(socket, 'close');
          socket.close();
          return closed;
        }),
      );
    },
  };
}

/** SO_REUSEADDR would let us share a port with another program that has it too, and each would miss what the other gets: a bind without it tells first. */
async function refuseTaken(listen: ListenAddress): Promise<void> {
  const probe = createSocket(socketOptions(listen.address));
  try {
    probe.bind({ address: listen.address, port: listen.port, exclusive: true });
    await once(probe, 'listening');
  } catch (error) {
    throw bindError('UDP', listen, error);
  } finally {
    probe.close();
  }
}
