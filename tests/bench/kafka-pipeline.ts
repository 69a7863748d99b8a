import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import kafkajs, { type Admin } from 'kafkajs';
import { startBroker } from '../kafka/broker.js';
import { makeTraffic } from './make-traffic.js';
import { MEMORY_MB, peakMiB, processorSeconds, report } from './report.js';

/*
 * The distributed pipeline over a real Kafka on one machine, as three `cordon` processes beside the broker:
 *
 *   cordon replay --to kafka  ──►  Kafka, topic flows, 4 partitions  ──►  cordon detect  ──►  findings ──┐
 *                                                                  └──►  cordon store (embedded ClickHouse) ◄┘
 *
 * The clock runs from the start of the publishing process (Node's own start included) until every frame is judged and every row stored: the
 * detector's counter and the group offsets of the store equal the ends of the topics.
 *
 *   node <compiled>/tests/bench/kafka-pipeline.js [records] [partitions]      KAFKA_BROKERS names a broker, else one is started
 */

const records = Number(process.argv[2] ?? 3_000_000);
const partitions = Number(process.argv[3] ?? 4);
const POLL_MS = 100;
/** No new finding for this long after the last frame was judged: all are published. */
const QUIET_MS = 500;
const DEADLINE_MS = 300_000;
const cli = join(dirname(fileURLToPath(import.meta.url)), '../../cli/main.js');

/** A `cordon` process and what Linux says of its memory while it lives. */
class Role {
  readonly name: string;
  readonly process: ChildProcess;
  peakMiB = 0;
  processorSeconds = 0;
  private readonly polling: NodeJS.Timeout;

  constructor(name: string, args: readonly string[], folder: string, environment: NodeJS.ProcessEnv) {
    this.name = name;
    this.process = spawn(process.execPath, ['--enable-source-maps', cli, ...args], {
      cwd: folder,
      env: { ...process.env, UV_THREADPOOL_SIZE: '16', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.polling = setInterval(() => this.look(), POLL_MS);
    this.process.once('exit', () => clearInterval(this.polling));
  }

  look(): void {
    const { pid, exitCode } = this.process;
    if (pid === undefined || exitCode !== null) return;
    this.peakMiB = peakMiB(pid) ?? this.peakMiB;
    this.processorSeconds = processorSeconds(pid) ?? this.processorSeconds;
  }

  /** Waits for the log line 'ready' and gives the address of the metrics; what goes wrong is shown. */
  async ready(): Promise<string> {
    for (const stream of [this.process.stdout!, this.process.stderr!]) stream.setEncoding('utf8');
    return new Promise((resolve, reject) => {
      let lines = '';
      const look = (line: string): void => {
        lines += `${line}\n`;
        const url = /"metrics":"(http[^"]+)"/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      };
      for (const stream of [this.process.stdout!, this.process.stderr!]) createInterface({ input: stream }).on('line', look);
      this.process.once('exit', (code) => reject(new Error(`${this.name} ended with ${code}:\n${lines}`)));
    });
  }

  async end(): Promise<void> {
    this.look();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
  }
}

interface Positions {
  readonly end: number;
  readonly committed: number;
}

async function positions(admin: Admin, group: string, topic: string): Promise<Positions> {
  const [ends, groups] = await Promise.all([admin.fetchTopicOffsets(topic), admin.fetchOffsets({ groupId: group, topics: [topic] })]);
  const sum = (offsets: readonly string[]): number => offsets.reduce((total, offset) => total + Math.max(0, Number(offset)), 0);
  return { end: sum(ends.map(({ high }) => high)), committed: sum(groups[0]?.partitions.map(({ offset }) => offset) ?? []) };
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^\\w*${name}\\w* (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

const traffic = makeTraffic(records);
const folder = mkdtempSync(join(tmpdir(), 'cordon-bench-kafka-'));
const own = process.env.KAFKA_BROKERS === undefined ? await startBroker({ forSpeed: true }) : undefined;
const brokers = own?.brokers ?? process.env.KAFKA_BROKERS!.split(',');
const prefix = `bench-${randomUUID()}.`;
const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
const roles: Role[] = [];

function start(name: string, args: readonly string[]): Role {
  const home = join(folder, name);
  mkdirSync(home);
  const config = join(home, 'cordon.yaml');
  const kafka = { brokers, topicPrefix: prefix, partitions, group: prefix.slice(0, -1) };
  const claims = name === 'store' ? [] : traffic.claims; // verdicts are not part of the pipeline's work
  // JSON is YAML.
  writeFileSync(
    config,
    JSON.stringify({ claims, kafka, data: join(home, 'data'), metrics: { host: '127.0.0.1', port: 0 }, logLevel: 'info' }),
  );
  const role = new Role(name, [...args, '--config', config], home, {});
  roles.push(role);
  return role;
}

/** Waits until everything that was published is judged and stored; returns when that was. */
async function untilStored(detectUrl: string, group: string): Promise<{ readonly at: number; readonly frames: number }> {
  const deadline = performance.now() + DEADLINE_MS;
  let findings = -1;
  let since = performance.now();
  while (performance.now() < deadline) {
    const flows = await positions(admin, `${group}-store`, `${prefix}flows`);
    const found = await positions(admin, `${group}-store`, `${prefix}findings`);
    const coverage = await positions(admin, `${group}-store`, `${prefix}coverage`);
    const judged = await metric(detectUrl, 'detector_frames');
    const done = judged >= flows.end && [flows, found, coverage].every(({ end, committed }) => committed >= end);
    if (!done || found.end !== findings) {
      findings = found.end;
      since = performance.now();
    } else if (performance.now() - since > QUIET_MS) return { at: since, frames: flows.end };
    await sleep(POLL_MS);
  }
  throw new Error(`not everything is judged and stored after ${DEADLINE_MS / 1000} s`);
}

try {
  process.stdout.write(`${traffic.records} records in ${traffic.datagrams} datagrams, ${partitions} partitions\n`);
  const detect = start('detect', ['detect']);
  const detectUrl = await detect.ready();
  const store = start('store', ['store']);
  await store.ready();
  await admin.connect();

  const started = performance.now();
  const publish = start('publish', ['replay', '--to', 'kafka', '--format', 'export-pcap', traffic.capture]);
  publish.process.stderr!.pipe(process.stderr);
  publish.process.stdout!.pipe(process.stdout);
  const [code] = (await once(publish.process, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the publishing process ended with ${code}`);
  const published = performance.now();
  const { at, frames } = await untilStored(detectUrl, prefix.slice(0, -1));
  const seconds = (at - started) / 1000;
  const perSecond = traffic.records / seconds;
  for (const role of roles) role.look();
  process.stdout.write(`published after ${((published - started) / 1000).toFixed(1)} s in ${frames} frames\n`);
  process.stdout.write(`judged and stored after ${seconds.toFixed(1)} s: ${(perSecond / 1000).toFixed(0)} k records/s\n`);
  for (const role of roles)
    process.stdout.write(
      `${role.name.padEnd(8)} peak memory ${role.peakMiB.toFixed(0)} MiB, processor time ${role.processorSeconds.toFixed(1)} s\n`,
    );
  report({
    name: 'pipeline through Kafka, store',
    value: perSecond,
    unit: 'records/s',
    target: 150_000,
    peakMiB: store.peakMiB,
    peakBelowMB: MEMORY_MB.withChdb,
  });
  for (const role of [detect, publish])
    report({ name: `pipeline through Kafka, ${role.name}`, unit: '', peakMiB: role.peakMiB, peakBelowMB: MEMORY_MB.without });
} finally {
  await admin.disconnect();
  for (const role of roles) await role.end();
  await own?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(traffic.folder, { recursive: true, force: true });
}
