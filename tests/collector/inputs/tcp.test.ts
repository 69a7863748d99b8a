import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Origin } from '../../../collector/contracts.js';
import { createTcpInput, type TcpInput, type TcpInputOptions } from '../../../collector/inputs/tcp.js';
import { formatAddress, parsePrefix } from '../../../flow/address.js';
import { ipfix } from '../decoders/build-ipfix.js';
import { hasOpenssl, makeAuthority, makeCertificate, type Pair, pem } from './certificates.js';
import { FaultCounts } from './fault-counts.js';

interface Got {
  readonly octets: Uint8Array;
  readonly origin: Origin;
}

interface Listening {
  readonly input: TcpInput;
  readonly port: number;
  readonly got: Got[];
  readonly ended: Origin[];
  readonly warnings: string[];
  readonly faults: FaultCounts['counts'];
  /** Wall clock of the input. */
  readonly clock: { ms: number };
  /** What `deliver` answers. */
  answer: () => void | Promise<void>;
  readonly running: Promise<void>;
}

async function listen(options: Partial<TcpInputOptions> = {}): Promise<Listening> {
  const warnings: string[] = [];
  const faults = new FaultCounts();
  const got: Got[] = [];
  const ended: Origin[] = [];
  const clock = { ms: 1_796_256_000_000 };
  const quiet = (): void => undefined;
  const input = createTcpInput(
    { listen: options.listenTls === undefined ? [{ address: '127.0.0.1', port: 0 }] : [], ...options },
    {
      log: { debug: quiet, info: quiet, error: quiet, warn: (_fields, message) => void warnings.push(message) },
      faults,
      sensorOf: (exporter, _port, names) => names[0] ?? `sensor-${formatAddress(exporter)}`,
      now: () => clock.ms,
      onSessionEnd: (origin) => void ended.push(origin),
    },
  );
  const [bound] = await input.bind();
  onTestFinished(() => input.stop());
  const listening: Listening = {
    input,
    port: bound!.port,
    got,
    ended,
    warnings,
    faults: faults.counts,
    clock,
    answer: quiet,
    running: Promise.resolve(),
  };
  const running = input.start((payload, origin) => {
    got.push({ octets: payload.slice(), origin: { ...origin } });
    return listening.answer();
  });
  running.catch(() => undefined);
  return Object.assign(listening, { running });
}

async function exporter(port: number): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await Promise.race([once(socket, 'connect').catch(() => undefined), closed(socket)]);
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function closed(socket: Socket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', () => resolve()));
}

function message(sequence: number, octets = 60): Uint8Array {
  return ipfix([new Uint8Array(octets - 16)], { sequence });
}

const sequences = (got: readonly Got[]): number[] => got.map(({ octets }) => Buffer.from(octets).readUInt32BE(8));

describe('IPFIX over TCP', () => {
  test('messages arrive whole, whatever the segments, each connection with an origin of its own', async () => {
    const { input, port, got, ended, running } = await listen();
    const [first, second] = [await exporter(port), await exporter(port)];
    const stream = Buffer.concat([message(1), message(2, 3000), message(3)]);
    for (let at = 0; at < stream.length; at += 700) {
      first.write(stream.subarray(at, at + 700));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => got.length === 3);
    second.end(message(9));
    await until(() => ended.length === 1);
    expect(sequences(got)).toEqual([1, 2, 3, 9]);
    expect(got[0]!.origin).toMatchObject({
      sensor: 'sensor-127.0.0.1',
      exporterPort: first.localPort,
      transport: 'tcp',
      receivedMs: 1_796_256_000_000,
    });
    expect(got[0]!.origin.session).not.toBe(got[3]!.origin.session);
    expect(ended[0]!.session).toBe(got[3]!.origin.session);
    await input.stop();
    await running;
    expect(input.counters).toMatchObject({
      connections: 2,
      open: 0,
      messages: 4,
      octets: stream.length + 60,
      broken: 0,
      cut: 0,
      refused: 0,
    });
  });

  test('a collector that waits makes the exporter wait, and nothing is lost or held meanwhile', async () => {
    const listening = await listen();
    const { port, got, input } = listening;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    listening.answer = () => gate;
    const socket = await exporter(port);
    // Far more than what the kernel's buffers of both ends hold: the rest stays with the exporter.
    const MESSAGES = 1000;
    let sent = 0;
    for (let i = 0; i < MESSAGES; i++) socket.write(message(i, 65_535), () => void sent++);
    await until(() => got.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(got.length).toBe(1);
    expect(input.counters.octets).toBeLessThan(2 ** 20);
    expect(sent).toBeLessThan(MESSAGES);
    listening.answer = () => undefined;
    release();
    await until(() => got.length === MESSAGES);
    expect(sequences(got)).toEqual(Array.from({ length: MESSAGES }, (_, i) => i));
  });

  test('what is no message ends the connection, is counted, and is handed over for the ledger as far as a header goes', async () => {
    const { port, got, input, ended, warnings } = await listen();
    for (let i = 0; i < 2; i++) {
      const socket = await exporter(port);
      socket.write(Buffer.concat([message(1), Buffer.from('GET / HTTP/1.1\r\nHost: collector.example\r\n\r\n'), message(2)]));
      await closed(socket);
      await until(() => ended.length === i + 1);
    }
    expect(input.counters).toMatchObject({ broken: 2, open: 0, cut: 0, messages: 4 });
    expect(got.map(({ octets }) => octets.length)).toEqual([60, 16, 60, 16]);
    expect(warnings).toEqual([expect.stringContaining('what came over TCP is no IPFIX')]);
  });

  test('a message that is cut by the end of its connection is handed over as far as it came', async () => {
    const { port, got, input, ended } = await listen();
    const socket = await exporter(port);
    socket.end(Buffer.concat([message(1), message(2, 500).subarray(0, 300)]));
    await until(() => ended.length === 1);
    expect(got.map(({ octets }) => octets.length)).toEqual([60, 300]);
    expect(input.counters).toMatchObject({ cut: 1, broken: 0, open: 0 });
  });

  test('half a message that never ends is not waited for; a quiet connection is', async () => {
    const { port, input, ended, clock } = await listen({ messageTimeoutMs: 5000 });
    const [slow, quiet] = [await exporter(port), await exporter(port)];
    slow.write(message(1).subarray(0, 20));
    await until(() => input.counters.octets === 20);
    clock.ms += 4000;
    slow.write(Uint8Array.of(0));
    await until(() => input.counters.octets === 21);
    clock.ms += 2000;
    await closed(slow);
    await until(() => ended.length === 1);
    expect(input.counters).toMatchObject({ slow: 1, open: 1 });
    quiet.write(message(2));
    await until(() => input.counters.messages === 2);
  });

  test('the time that the collector itself takes is not held against the exporter', async () => {
    const listening = await listen({ messageTimeoutMs: 1000 });
    let release: () => void = () => undefined;
    listening.answer = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const socket = await exporter(listening.port);
    socket.write(Buffer.concat([message(1), message(2).subarray(0, 30)]));
    await until(() => listening.got.length === 1);
    listening.clock.ms += 60_000;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    listening.answer = () => undefined;
    release();
    socket.write(message(2).subarray(30));
    await until(() => listening.got.length === 2);
    expect(listening.input.counters.slow).toBe(0);
  });

  test('senders that are not allowed are cut off and counted before anything is made for them', async () => {
    const { port, input, faults, got } = await listen({ allow: [parsePrefix('192.0.2.0/24')] });
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.write(message(1));
    await closed(socket);
    await until(() => input.counters.refused === 1);
    expect([faults, got, input.counters.connections, input.counters.open]).toEqual([{ refused: 1 }, [], 0, 0]);
  });

  test('connections are bounded, per address and in all; one that ends makes room', async () => {
    const { port, input } = await listen({ maxConnectionsPerAddress: 2 });
    const first = await exporter(port);
    await exporter(port);
    await until(() => input.counters.open === 2);
    await closed(await exporter(port));
    expect(input.counters).toMatchObject({ open: 2, refused: 1 });
    first.destroy();
    await until(() => input.counters.open === 1);
    (await exporter(port)).write(message(1));
    await until(() => input.counters.messages === 1);

    const other = await listen({ maxConnections: 1 });
    await exporter(other.port);
    await until(() => other.input.counters.open === 1);
    await closed(await exporter(other.port));
    expect(other.input.counters).toMatchObject({ open: 1, refused: 1 });
  });

  test('an error of the consumer ends the input and reaches whoever started it', async () => {
    for (const fail of [
      () => Promise.reject(new Error('downstream')),
      () => {
        throw new Error('downstream');
      },
    ]) {
      const listening = await listen();
      listening.answer = fail;
      (await exporter(listening.port)).write(Buffer.concat([message(1), message(2)]));
      await expect(listening.running).rejects.toThrow('downstream');
      expect(listening.got.length).toBe(1);
    }
  });

  test('a port in use is met by a sentence that says what to do', async () => {
    const { port } = await listen();
    await expect(listen({ listen: [{ address: '127.0.0.1', port }] })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `TCP port ${port} on 127.0.0.1 is in use by another program; stop it ('ss -ltnp' shows which) or give another port`,
    });
  });
});

describe.skipIf(!hasOpenssl)('IPFIX over TLS', () => {
  let folder: string;
  let authority: Pair;
  let collector: Pair;
  let router: Pair;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-tls-'));
    authority = makeAuthority(folder, 'authority');
    collector = makeCertificate(folder, authority, 'collector', ['IP:127.0.0.1']);
    router = makeCertificate(folder, authority, 'router-7', ['DNS:Edge-1.example', 'IP:127.0.0.1']);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function settings(mutual = true): Partial<TcpInputOptions> {
    const tls = { ...pem(collector), ...(mutual ? { ca: pem(authority).cert } : {}) };
    return { listenTls: [{ address: '127.0.0.1', port: 0 }], tls };
  }

  async function connect(port: number, options: object = {}): Promise<TLSSocket> {
    const socket = connectTls({ host: '127.0.0.1', port, ca: pem(authority).cert, ...options });
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    await Promise.race([once(socket, 'secureConnect').catch(() => undefined), closed(socket)]);
    return socket;
  }

  test('an exporter with a certificate of the authority is heard, and named by it', async () => {
    const { input, port, got, ended, running } = await listen(settings());
    const socket = await connect(port, pem(router));
    const stream = Buffer.concat([message(1), message(2, 40_000), message(3)]);
    socket.end(stream);
    await until(() => ended.length === 1);
    expect(sequences(got)).toEqual([1, 2, 3]);
    expect(got[0]!.origin).toMatchObject({ sensor: 'edge-1.example', transport: 'tls' });
    expect(input.counters).toMatchObject({ open: 0, octets: stream.length, handshakesFailed: 0 });
    await connect(port, pem(router));
    await until(() => input.counters.open === 1);
    await input.stop();
    await running;
    expect(input.counters.open).toBe(0);
  });

  test('nobody is heard without a certificate, with one of another authority, in the clear, or with an old protocol', async () => {
    const { input, port, got, warnings } = await listen(settings());
    const stranger = makeAuthority(folder, 'stranger');
    for (const options of [{}, pem(stranger), { ...pem(router), maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }]) {
      const socket = await connect(port, options);
      if (!socket.destroyed) socket.write(message(1));
      await closed(socket);
    }
    const plain = await exporter(port);
    plain.write(message(1));
    await closed(plain);
    await until(() => input.counters.open === 0);
    expect(input.counters).toMatchObject({ handshakesFailed: 4, connections: 0 });
    expect(got).toEqual([]);
    expect(warnings[0]).toBe(
      'a TLS connection failed: peer did not return a certificate (ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE); told once per address, counted always',
    );
    // A peer that hangs up may be gone before its address is asked for.
    expect(warnings.length).toBeLessThanOrEqual(2);
  });

  test('without an authority no certificate is asked for', async () => {
    const { got, port } = await listen(settings(false));
    (await connect(port)).end(message(1));
    await until(() => got.length === 1);
    expect(got[0]!.origin).toMatchObject({ sensor: 'sensor-127.0.0.1', transport: 'tls' });
  });

  test('a handshake that is not gone on with is ended', async () => {
    const { input, port } = await listen({ ...settings(), handshakeTimeoutMs: 100 });
    await closed(await exporter(port));
    await until(() => input.counters.open === 0);
    expect(input.counters).toMatchObject({ handshakesFailed: 1, connections: 0 });
  });
});
