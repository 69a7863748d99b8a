import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import kafkajs from 'kafkajs';
import { freePorts } from '../support/free-ports.js';
import { kafkaJars } from './jars.js';

const run = promisify(execFile);

/** A cold JVM on a busy two-core machine needs about 10 s. */
const startTimeoutMs = 90_000;
/** Kafka's own clean shutdown takes about 1 s; after this it is killed, the data goes away anyway. */
const stopTimeoutMs = 10_000;

/** An Apache Kafka broker of our own: one process, KRaft combined mode, loopback only, data in a temporary folder. */
export interface TestBroker {
  readonly brokers: string[];
  /** The process as a crash would end it. Data and ports stay; `restart` brings it back. */
  kill9(): Promise<void>;
  restart(): Promise<void>;
  /** Freezes the process (SIGSTOP): connections stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends the process and removes its data. Safe to call twice. */
  stop(): Promise<void>;
}

export interface TestBrokerOptions {
  /** Let the JVM compile for throughput. Without it the broker starts in a third of the time, which is what tests want. */
  readonly forSpeed?: boolean;
  /** The client port; a free one where nothing is said. */
  readonly port?: number;
  /** Further lines for server.properties, after ours. */
  readonly properties?: Readonly<Record<string, string | number>>;
}

export async function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const classpath = join(await kafkaJars(), '*');
  const folder = await mkdtemp(join(tmpdir(), 'cordon-kafka-'));
  const janitor = startJanitor(folder);
  let child: ChildProcess | undefined;
  let stopped = false;

  const onExit = () => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', onExit);

  const [freePort, controllerPort] = await freePorts(2);
  const port = options.port ?? freePort!;
  const address = `127.0.0.1:${port}`;
  const propertiesFile = join(folder, 'server.properties');
  const logFile = join(folder, 'broker.log');

  const launch = async () => {
    const log = openSync(logFile, 'a');
    const flags = [
      '-Xms128m',
      '-Xmx512m',
      '-XX:+UseSerialGC',
      ...(options.forSpeed === true ? [] : ['-XX:TieredStopAtLevel=1']),
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    ];
    const started = spawn('java', [...flags, '-cp', classpath, 'kafka.Kafka', propertiesFile], { stdio: ['ignore', log, log] });
    closeSync(log);
    child = started;
    janitor.guard(started.pid);
    await ready(address, started, logFile);
  };

  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill(signal);
    const killer = setTimeout(() => ending.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(killer);
  };

  const stop = async () => {
    if (stopped) return;
    stopped = true;
    child?.kill('SIGCONT');
    await end('SIGTERM');
    process.removeListener('exit', onExit);
    janitor.dismiss();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };

  try {
    await writeFile(propertiesFile, serverProperties(folder, port, controllerPort!, options.properties ?? {}));
    await writeFile(join(folder, 'log4j2.properties'), log4jProperties);
    // A letter first: an id that begins with '-' would be read as an option, once in 64 runs.
    const clusterId = `c${randomBytes(16).toString('base64url').slice(1)}`;
    await run('java', [
      '-Xmx256m',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      classpath,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      propertiesFile,
    ]);
    await launch();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    brokers: [address],
    kill9: () => end('SIGKILL'),
    restart: launch,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop,
  };
}

function serverProperties(folder: string, port: number, controllerPort: number, more: Readonly<Record<string, string | number>>): string {
  const properties: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    // One node: the internal topics cannot have three replicas. Few partitions: a quicker start.
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    // Lets a test notice a killed member after a second; 6 s by default.
    'group.min.session.timeout.ms': 1000,
    // A broker that was killed may come back as soon as its old session ended; the default of 9 s is for real networks.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    // A topic that nobody created must be an error in the tests, as it is in a well-kept cluster.
    'auto.create.topics.enable': 'false',
    // The default of 3 s is for hundreds of members that start together.
    'group.initial.rebalance.delay.ms': 0,
    ...more,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const log4jProperties = `rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1}: %m%n
`;

/**
 * A shell that waits for our death. When this process is itself killed with SIGKILL, its end of the pipe closes, and the shell ends
 * the broker and removes its folder: nothing outlives a test run.
 */
function startJanitor(folder: string): { guard(pid: number | undefined): void; dismiss(): void } {
  const script = 'pid=none; while read -r line; do pid=$line; done; [ "$pid" = none ] || kill -9 "$pid"; sleep 0.3; rm -rf "$0"';
  const shell = spawn('/bin/sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  shell.unref();
  shell.stdin.on('error', () => {}); // the shell may be gone before us
  const unrefPipe = shell.stdin as unknown as { unref?: () => void };
  unrefPipe.unref?.();
  return {
    guard: (pid) => void shell.stdin.write(`${pid ?? 'none'}\n`),
    dismiss: () => void shell.stdin.end('none\n'),
  };
}

/** Resolves when the broker answers a request that needs the controller too. */
async function ready(address: string, child: ChildProcess, logFile: string): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  const client = new kafkajs.Kafka({
    brokers: [address],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 1000,
  });
  for (;;) {
    const admin = client.admin();
    try {
      await admin.connect();
      const { brokers } = await admin.describeCluster();
      if (brokers.length > 0) return;
    } catch {
      // not yet
    } finally {
      await admin.disconnect().catch(() => {});
    }
    if (child.exitCode !== null || Date.now() > deadline) {
      const log = await readFile(logFile, 'utf8').catch(() => '');
      child.kill('SIGKILL');
      throw new Error(`the Kafka of the tests did not start on ${address}:\n${log.slice(-3000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
