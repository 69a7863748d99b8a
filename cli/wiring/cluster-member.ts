import { join } from 'node:path';
import type { Collector } from '../../collector/collector.js';
import type { ListenAddress } from '../../collector/inputs/listen.js';
import type { UdpInput } from '../../collector/inputs/udp.js';
import type { Config } from '../../flow/service/config.js';
import { UsageError } from '../errors.js';
import type { FromMember, ToMember } from './cluster-messages.js';

/** Name in the ledger for what the dispatcher refused and the kernel dropped there. */
const UDP_INPUT = 'udp';

/** This process as one of several that collect for a dispatcher (cluster.ts). */
export interface ClusterMember {
  /** Hands what a steered socket received for somebody else back to the dispatcher. */
  stray(payload: Uint8Array, sender: { readonly address: string; readonly port: number }, listen: ListenAddress): void;
  /** Takes what the dispatcher hands on, from now on. */
  attach(input: UdpInput, collector: Collector): void;
  ready(metricsUrl: string): void;
  /** Resolves when the dispatcher wants this process to end, or has itself ended. */
  readonly stopped: Promise<void>;
  /** Lets the process end. */
  leave(): void;
}

/** What one member of a cluster has otherwise than a collector alone: the configuration is changed in place. */
export function memberConfig(config: Config, member: number): void {
  config.metrics.port = 0;
  config.collector.listen = [];
  if (member === 1) return;
  // State, quarantine and buffer belong to one process. Connections are all read by the first: its being busy makes exporters wait, and loses nothing.
  config.data = join(config.data, `member-${member}`);
  const { buffer } = config.collector;
  if (buffer.path !== undefined) buffer.path = join(buffer.path, `member-${member}`);
  config.collector.tcp = [];
  config.collector.tls.listen = [];
  config.collector.logs = [];
}

export function joinCluster(): ClusterMember {
  if (process.send === undefined)
    throw new UsageError('--member is for processes that cordon collect starts itself; set collector.processes');
  const send = (message: FromMember): void => {
    if (process.connected) process.send?.(message);
  };
  let take: ((message: ToMember) => void) | undefined;
  const early: ToMember[] = [];
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  process.on('message', (message: ToMember) => {
    if (message.kind === 'stop') stop();
    else if (take === undefined) early.push(message);
    else take(message);
  });
  process.on('disconnect', () => stop());
  return {
    stopped,
    stray: (payload, { address, port }, listen) => send({ kind: 'stray', payload, address, port, listen }),
    ready: (url) => send({ kind: 'ready', url }),
    attach(input, collector) {
      take = (message) => deal(message, input, collector);
      for (const message of early.splice(0)) take(message);
    },
    leave() {
      if (process.connected) process.disconnect();
    },
  };
}

function deal(message: ToMember, input: UdpInput, collector: Collector): void {
  switch (message.kind) {
    case 'datagrams':
      for (const { payload, address, port, receivedMs } of message.datagrams) input.inject(payload, { address, port }, receivedMs);
      break;
    case 'steer':
      void input.steer(message.listen, message);
      break;
    case 'tell':
      if (message.refused > 0) collector.ledger.refused(UDP_INPUT, message.refused, Date.now());
      if (message.kernelDrops > 0) collector.ledger.kernelDrops(UDP_INPUT, message.kernelDrops, Date.now());
      break;
    default:
      break;
  }
}
