import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { ListenAddress } from '../../collector/inputs/listen.js';
import { createUdpDispatcher, type HandedOn, type UdpDispatcher } from '../../collector/inputs/udp-dispatcher.js';
import type { Config } from '../../flow/service/config.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import { withTimeout } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { createMetrics, type Metrics, serveMetrics } from '../../flow/service/metrics.js';
import { mergeMetrics } from '../../flow/service/metrics-merge.js';
import { Exit } from '../errors.js';
import { parseListen } from './check-config.js';
import type { ClaimSets } from './claim-sets.js';
import type { FromMember, ToMember } from './cluster-messages.js';
import { allowedExporters } from './listening.js';

/*
 * `collector.processes: N`: N processes collect, and this one holds the UDP ports and says whose datagrams go where (collector/inputs/udp-dispatcher.ts):
 *
 *   exporters ──► dispatcher ── first datagrams, over IPC ──► member 1 … N ──► Kafka
 *       └─────────── then straight, by the kernel ────────────────▲
 *
 * A member that dies is started again. What it had decoded and not yet published, and the ledger's open minutes, died with it: those minutes have no coverage,
 * so nothing is VERIFIED on them.
 */

/** Pause before a member that died is started again; it doubles each time, and begins anew when the member has lived for a while. */
const RESTART_AFTER_MS = 1000;
const RESTART_AFTER_AT_MOST_MS = 30_000;
const LIVED_MS = 60_000;
/** Datagrams that may be on their way to a member, or wait for one that is started again; more are dropped and counted. */
const MAX_WAITING_DATAGRAMS = 16_384;
/** Longest that members may take to stop: somewhat less than the lifecycle gives us. */
const STOP_MS = 14_000;
/** Longest that a member's metrics are waited for. */
const METRICS_MS = 2000;

export interface ClusterOptions {
  readonly config: Config;
  readonly claimSets: ClaimSets;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Program and arguments of a member: `fork` gets them. */
  readonly program: string;
  readonly args: (member: number) => string[];
}

export interface Cluster {
  readonly addresses: readonly ListenAddress[];
  readonly metricsUrl: string;
  /** Process ids of the members, 0 for one that is down. */
  pids(): number[];
  /** Rejects when the cluster cannot go on. */
  readonly failed: Promise<never>;
}

/** Opens the ports and starts the processes; resolves when all of them work. Rejects when one of them cannot start. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { config, claimSets, log, lifecycle } = options;
  const { processes } = config.collector;
  const listen = config.collector.listen.map(parseListen);
  const allow = allowedExporters('UDP', config, claimSets, listen, log);
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  let bound: readonly ListenAddress[] = [];
  const dispatcher = createUdpDispatcher(
    { listen, members: processes, receiveBufferOctets: config.collector.receiveBufferBytes, ...(allow === undefined ? {} : { allow }) },
    {
      log,
      now: Date.now,
      handOn: (member, datagrams) => members[member]?.handOn(datagrams),
      steer: (member, { address, port, listen: index }) => members[member]?.send({ kind: 'steer', listen: bound[index]!, address, port }),
      tell: (counts) => members[0]?.send({ kind: 'tell', ...counts }),
      failed: fail,
    },
  );
  const members: Member[] = [];
  bound = await dispatcher.bind();
  const stray = ({ payload, address, port, listen: at }: Extract<FromMember, { kind: 'stray' }>): void => {
    const index = bound.findIndex((one) => one.address === at.address && one.port === at.port);
    dispatcher.stray({ payload, address, port, listen: index, receivedMs: Date.now() });
  };
  for (let index = 0; index < processes; index++) {
    members.push(new Member(index, options, { stray, restarted: () => dispatcher.restarted(index), fail }));
  }
  await lifecycle.start({
    name: 'collecting processes',
    stop: async () => void (await Promise.all(members.map((member) => member.stop()))),
  });
  await lifecycle.start({ name: 'udp sockets', stop: () => dispatcher.stop() });
  for (const member of members) member.start();
  await Promise.race([Promise.all(members.map(({ ready }) => ready)), failed]);

  const metrics = createMetrics();
  const merged: Metrics = { ...metrics, text: () => mergedText(metrics, dispatcher, members) };
  const isDown = (): string | undefined =>
    members.every(({ pid }) => pid > 0) ? undefined : 'a collecting process is being started again';
  const status = (): object => ({ role: 'dispatch', members: members.map(({ pid, url, restarts }) => ({ pid, url, restarts })) });
  const server = await serveMetrics(merged, config.metrics.host, config.metrics.port, isDown, status);
  await lifecycle.start({ name: 'metrics', stop: () => server.stop() });
  return { addresses: bound, metricsUrl: server.url, pids: () => members.map(({ pid }) => pid), failed };
}

async function mergedText(metrics: Metrics, dispatcher: UdpDispatcher, members: readonly Member[]): Promise<string> {
  const { handedOn, refused, kernelDrops } = dispatcher.counters;
  metrics.total('dispatcher_datagrams', 'datagrams handed on to collecting processes over IPC; the kernel hands them the rest', handedOn);
  metrics.total('dispatcher_refused_datagrams', 'datagrams of exporters that are not allowed, at the dispatcher', refused);
  metrics.total('dispatcher_kernel_drops', "datagrams the kernel dropped at the dispatcher's sockets", kernelDrops);
  metrics.table(
    'dispatcher_member_restarts',
    'counter',
    'times that a collecting process died and was started again',
    members.map(({ restarts }, index) => ({ labels: { process: String(index + 1) }, value: restarts })),
  );
  metrics.table(
    'dispatcher_dropped_datagrams',
    'counter',
    'datagrams dropped because a collecting process did not take them',
    members.map(({ dropped }, index) => ({ labels: { process: String(index + 1) }, value: dropped })),
  );
  const texts = await Promise.all(
    members.map(async ({ url }, index) => ({ process: String(index + 1), text: url === '' ? '' : await textOf(`${url}/metrics`) })),
  );
  return mergeMetrics(await metrics.text(), texts);
}

async function textOf(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(METRICS_MS) });
    return response.ok ? await response.text() : '';
  } catch {
    // It is being started again; `member_restarts` tells.
    return '';
  }
}

interface MemberEvents {
  readonly stray: (message: Extract<FromMember, { kind: 'stray' }>) => void;
  readonly restarted: () => void;
  readonly fail: (error: unknown) => void;
}

/** One collecting process, started again whenever it dies. */
class Member {
  restarts = 0;
  dropped = 0;
  url = '';
  /** Resolves when it works for the first time. */
  readonly ready: Promise<void>;
  private readonly index: number;
  private readonly options: ClusterOptions;
  private readonly events: MemberEvents;
  private child: ChildProcess | undefined;
  private gone: Promise<unknown> = Promise.resolve();
  private onReady: () => void = () => undefined;
  private wasReady = false;
  private startedMs = 0;
  private pauseMs = RESTART_AFTER_MS;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;
  /** On their way. */
  private waiting = 0;
  /** For a member that is down. */
  private held: HandedOn[] = [];

  constructor(index: number, options: ClusterOptions, events: MemberEvents) {
    this.index = index;
    this.options = options;
    this.events = events;
    this.ready = new Promise((resolve) => {
      this.onReady = resolve;
    });
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  start(): void {
    const { program, args } = this.options;
    const child = fork(program, args(this.index + 1), { serialization: 'advanced' });
    this.child = child;
    this.startedMs = Date.now();
    child.on('message', (message: FromMember) => {
      if (message.kind === 'stray') this.events.stray(message);
      else this.becameReady(message.url);
    });
    // What cannot be sent belongs to a process that has ended: 'exit' tells.
    child.on('error', () => undefined);
    this.gone = once(child, 'exit').then(([code, signal]) => this.exited((code ?? signal) as number | string));
    const { held } = this;
    this.held = [];
    if (held.length > 0) this.handOn(held);
  }

  send(message: ToMember): void {
    if (this.child?.connected === true) this.child.send(message, () => undefined);
  }

  handOn(datagrams: readonly HandedOn[]): void {
    const { child } = this;
    if (this.waiting + this.held.length + datagrams.length > MAX_WAITING_DATAGRAMS) {
      this.dropped += datagrams.length;
    } else if (child?.connected === true) {
      this.waiting += datagrams.length;
      const message: ToMember = { kind: 'datagrams', datagrams };
      child.send(message, () => {
        this.waiting -= datagrams.length;
      });
    } else {
      this.held.push(...datagrams);
    }
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    this.send({ kind: 'stop' });
    const { child } = this;
    await withTimeout(this.gone, STOP_MS, 'a collecting process did not stop').catch((error: unknown) => {
      child?.kill('SIGKILL');
      throw error;
    });
  }

  private becameReady(url: string): void {
    this.url = url;
    this.wasReady = true;
    this.onReady();
  }

  private exited(how: number | string): void {
    this.child = undefined;
    this.url = '';
    if (this.isStopping) return;
    const { log } = this.options;
    if (!this.wasReady) {
      // It has said why: its log is ours.
      this.events.fail(new Exit(typeof how === 'number' && how > 0 ? how : 1));
      return;
    }
    this.restarts++;
    this.pauseMs = Date.now() - this.startedMs > LIVED_MS ? RESTART_AFTER_MS : Math.min(this.pauseMs * 2, RESTART_AFTER_AT_MOST_MS);
    log.error(
      { process: this.index + 1, how, restarts: this.restarts },
      `a collecting process died; it is started again in ${this.pauseMs / 1000} s, and what it had not yet sent on is lost: those minutes have no coverage`,
    );
    this.events.restarted();
    this.timer = setTimeout(() => this.start(), this.pauseMs);
  }
}
