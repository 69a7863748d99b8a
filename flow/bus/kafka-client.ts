import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { constants, gzip, unzip } from 'node:zlib';
import kafkajs, { type ISocketFactoryArgs, type Kafka, type LogEntry, type RetryOptions } from 'kafkajs';
import { BusError } from './bus.js';
import type { BusLog, KafkaBusOptions, KafkaLimits } from './kafka-options.js';

const gzipAsync = promisify(gzip);
const unzipAsync = promisify(unzip);

/** The same line of kafkajs is passed on once per this time: it repeats itself at every attempt to connect. */
const repeatedLineMs = 5_000;
const keepAliveMs = 60_000;
/** What one batch may unfold to. Ours hold one megabyte; whoever may write to the topics must not be able to exhaust our memory. */
const maxUnzippedBytes = 64 << 20;

/** Our own sockets and loggers around kafkajs. */
export interface KafkaClients {
  /** A client of its own: kafkajs shares committed offsets between the consumers of one client, which mixes up groups. */
  create(retry: RetryOptions, more?: { readonly quiet?: boolean; readonly opened?: (socket: Socket) => void }): Kafka;
  /** Cuts every connection: the last means of a start that failed, because kafkajs waits for answers that may never come. */
  cutSockets(): void;
  /** Cuts every connection, and each that kafkajs may still open for what was under way: the last means of `stop`. */
  close(): void;
}

/** kafkajs hears of errors and not of a socket that is merely closed: without one its timers go on, and keep the process alive. */
const CUT = 'cut by us';

export function createKafkaClients(options: KafkaBusOptions, limits: KafkaLimits, log: BusLog): KafkaClients {
  registerGzip();
  const sockets = new Set<Socket>();
  let closed = false;
  const cut = (socket: Socket): Socket => socket.destroy(new Error(CUT));
  const socketFactory = ({ host, port, ssl, onConnect }: ISocketFactoryArgs, opened?: (socket: Socket) => void): Socket => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl ? connectTls({ host, port, ...servername, ...ssl }, onConnect) : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    sockets.add(socket);
    opened?.(socket);
    socket.once('close', () => sockets.delete(socket));
    return closed ? cut(socket) : socket;
  };
  const logCreator = createLogCreator(log);
  return {
    create: (retry, more = {}) =>
      new kafkajs.Kafka({
        brokers: [...options.brokers],
        clientId: options.clientId ?? 'cordon',
        ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
        ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
        connectionTimeout: 3_000,
        requestTimeout: limits.requestTimeoutMs,
        // Named in full: kafkajs has other defaults when NODE_ENV is `test`.
        retry: { factor: 0.2, multiplier: 2, initialRetryTime: 200, maxRetryTime: 2_000, retries: 5, ...retry },
        socketFactory: (args) => socketFactory(args, more.opened),
        logLevel: more.quiet === true ? kafkajs.logLevel.NOTHING : kafkajs.logLevel.INFO,
        logCreator: () => logCreator,
      }),
    cutSockets: () => {
      for (const socket of sockets) cut(socket);
    },
    close: () => {
      closed = true;
      for (const socket of sockets) cut(socket);
    },
  };
}

/**
 * Level 1 halves the time of kafkajs' own gzip for a few per cent of size, and 64 KB chunks instead of 16 KB save a third of the hops to the
 * thread pool. Plain gzip: every Kafka client reads it. Global to kafkajs, and the same for everybody.
 */
function registerGzip(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => gzipAsync(buffer, { level: constants.Z_BEST_SPEED, chunkSize: 1 << 16 }),
    decompress: (buffer: Buffer) => unzipAsync(buffer, { chunkSize: 1 << 18, maxOutputLength: maxUnzippedBytes }),
  });
}

/** kafkajs calls `error` what it is about to try again; what is an error for us, we say ourselves. */
function createLogCreator(log: BusLog): (entry: LogEntry) => void {
  const last = new Map<string, number>();
  return ({ namespace, level, log: { message, timestamp: _timestamp, stack: _stack, ...fields } }) => {
    // Retries of one batch end only with our own delivery timeout, after which the producer is never used again.
    if (message.startsWith('Limiting retries for the idempotent producer')) return;
    if (level > kafkajs.logLevel.WARN || message.includes(CUT)) {
      log.debug({ namespace, ...fields }, `kafkajs: ${message}`);
      return;
    }
    const line = `${namespace} ${message}`;
    const now = Date.now();
    if (now - (last.get(line) ?? 0) < repeatedLineMs) return;
    if (last.size > 100) last.clear();
    last.set(line, now);
    log.warn({ namespace, ...fields }, `kafkajs: ${message}`);
  };
}

export function unreachable(brokers: readonly string[], cause: unknown): BusError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new BusError(
    'broker-unreachable',
    `no Kafka broker answers at ${brokers.join(', ')} (${reason}): start the broker, or correct the address, TLS and SASL settings`,
    { cause },
  );
}

/** The Kafka error name (`MESSAGE_TOO_LARGE`) of an error of kafkajs or of what caused it. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const type = (at as { type?: unknown }).type;
    if (typeof type === 'string') return type;
  }
  return undefined;
}
