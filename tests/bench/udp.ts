import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../flow/service/paths.js';
import { set } from '../collector/decoders/build-bytes.js';
import { ipfix, template } from '../collector/decoders/build-ipfix.js';
import { FIELDS, TEMPLATE_ID, templateRecord } from './export-datagrams.js';
import { describeMachine, MEMORY_MB, peakMiB, report } from './report.js';
import type { Received } from './udp-receive.js';

/*
 * IPFIX over UDP on loopback: how much of a steady stream one collecting process takes, and nfcapd and nfacctd of the same. Prints figures; judges nothing.
 *
 *   node tests/bench/udp.js [seconds a step] [rate,rate,…]        default: 5 s each at 60 000, 100 000, 140 000 and 180 000 datagrams/s
 *
 * The sender is a C program (send-datagrams.c, compiled here): one in JavaScript would need a core of its own for these rates. Sender and receiver share the
 * machine, and the kernel's loopback work is done in the sender's name; so with two cores the receiver has one for itself at best.
 */

const RECORDS_PER_DATAGRAM = 24;
const DATAGRAMS = 4096;
/** What the issue asks for. */
const TARGET = { datagrams: 140_000, records: 3_000_000 };
/** The socket of the peers is asked for as much as ours. */
const RECEIVE_BUFFER = 8 * 2 ** 20;

interface Sent {
  readonly datagrams: number;
  readonly records: number;
  readonly seconds: number;
}

const here = dirname(fileURLToPath(import.meta.url));
const seconds = Number(process.argv[2] ?? 5);
const rates = (process.argv[3] ?? '60000,100000,140000,180000').split(',').map(Number);
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'cordon-udp-'));

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The stream, one message after the other behind its octets and records. */
function writeStream(path: string): void {
  const parts: Buffer[] = [];
  for (let number = 0; number < DATAGRAMS; number++) {
    const records = Array.from({ length: RECORDS_PER_DATAGRAM }, (_, i) => templateRecord(number * RECORDS_PER_DATAGRAM + i));
    const sets = [set(TEMPLATE_ID, records)];
    if (number % 1024 === 0) sets.unshift(template(TEMPLATE_ID, FIELDS));
    const message = ipfix(sets);
    const head = Buffer.alloc(4);
    head.writeUInt16BE(message.length, 0);
    head.writeUInt16BE(RECORDS_PER_DATAGRAM, 2);
    parts.push(head, Buffer.from(message));
  }
  writeFileSync(path, Buffer.concat(parts));
}

/** The compiled sender; undefined where there is no C compiler. */
function compileSender(): string | undefined {
  const program = join(folder, 'send-datagrams');
  const source = join(packageRoot(), 'tests/bench/send-datagrams.c');
  const { status } = spawnSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? program : undefined;
}

async function send(sender: string, stream: string, port: number, rate: number): Promise<Sent> {
  const child = spawn(sender, [stream, String(port), String(rate), String(seconds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await textOf(child.stdout)) as Sent;
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

async function cordonTakes(sender: string, stream: string, rate: number): Promise<{ sent: Sent; received: Received }> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [join(here, 'udp-receive.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = textOf(child.stdout);
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const sent = await send(sender, stream, Number(String(first)), rate);
  await sleep(500);
  child.stdin.end();
  return { sent, received: JSON.parse((await said).trim().split('\n').at(-1)!) as Received };
}

interface Peer {
  readonly name: string;
  readonly args: (port: number) => string[];
  /** Records that it has taken, after it was stopped; undefined where it does not tell. */
  readonly records: () => number | undefined;
}

const PEERS: readonly Peer[] = [
  {
    name: 'nfcapd',
    args: (port) => ['-p', String(port), '-b', '127.0.0.1', '-l', join(folder, 'nfcapd'), '-t', '3600', '-B', String(RECEIVE_BUFFER)],
    records() {
      const file = readdirSync(join(folder, 'nfcapd')).find((name) => name.startsWith('nfcapd.'));
      if (file === undefined) return undefined;
      const { stdout } = spawnSync('nfdump', ['-I', '-r', join(folder, 'nfcapd', file)], { encoding: 'utf8' });
      const told = /^Flows: (\d+)/m.exec(stdout ?? '')?.[1];
      return told === undefined ? undefined : Number(told);
    },
  },
  {
    name: 'nfacctd',
    args: (port) => ['-f', writeNfacctdConfig(port)],
    records: () => undefined,
  },
];

/** One aggregate of all records, kept in memory: nothing but reading and decoding is asked of it. */
function writeNfacctdConfig(port: number): string {
  const path = join(folder, 'nfacctd.conf');
  writeFileSync(
    path,
    [
      ...['daemonize: false', `nfacctd_port: ${port}`, 'nfacctd_ip: 127.0.0.1', `nfacctd_pipe_size: ${RECEIVE_BUFFER}`],
      ...[
        'plugins: print',
        'aggregate: proto',
        `print_output_file: ${join(folder, 'nfacctd.out')}`,
        'print_output: csv',
        'print_refresh_time: 3600',
      ],
      ...['plugin_buffer_size: 1024000', 'plugin_pipe_size: 102400000', `nfacctd_templates_file: ${join(folder, 'nfacctd.templates')}`],
    ].join('\n'),
  );
  return path;
}

try {
  const { processor, cores, memoryGiB, node, kernel, busyCores } = await describeMachine();
  say(`machine: ${cores} × ${processor}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, ${busyCores} cores busy with other work`);
  const sender = compileSender();
  if (sender === undefined) {
    say('no C compiler (cc): the sender cannot be made');
    report({ name: 'UDP', unit: '', peakMiB: null, note: 'no C compiler for the sender' });
  } else {
    const stream = join(folder, 'stream');
    writeStream(stream);
    await measure(sender, stream);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(sender: string, stream: string): Promise<void> {
  let best = { datagrams: 0, records: 0, peak: undefined as number | undefined };
  let perCore = 0;
  for (const rate of rates) {
    const { sent, received } = await cordonTakes(sender, stream, rate);
    const cpu = received.userSeconds + received.systemSeconds;
    const lost = sent.datagrams - received.datagrams;
    const perSecond = received.datagrams / sent.seconds;
    perCore = Math.max(perCore, received.datagrams / cpu);
    if (lost === 0 && perSecond > best.datagrams)
      best = { datagrams: perSecond, records: received.records / sent.seconds, peak: received.peakMiB };
    say(
      `cordon  asked ${k(rate)}/s  sent ${k(sent.datagrams / sent.seconds)}/s  read ${k(perSecond)}/s, ${(received.records / sent.seconds / 1e6).toFixed(2)} M records/s` +
        `  kernel drops ${received.kernelDrops}, queue drops ${received.queueDrops}, ledger lost ${received.recordsLost} of ${sent.records} records, undecodable ${received.recordsUndecodable}` +
        `  ${(cpu / sent.seconds).toFixed(2)} cores (${(received.userSeconds / sent.seconds).toFixed(2)} user)  ${((cpu / received.datagrams) * 1e6).toFixed(1)} µs a datagram  peak ${received.peakMiB?.toFixed(0)} MiB`,
    );
    if (received.datagrams + received.kernelDrops !== sent.datagrams)
      say(`        ${sent.datagrams - received.datagrams - received.kernelDrops} datagrams are in no account`);
  }
  const ours = { peakMiB: best.peak, peakBelowMB: MEMORY_MB.without };
  report({ name: 'UDP, IPFIX, without loss', value: best.datagrams, unit: 'datagrams/s', target: TARGET.datagrams, ...ours });
  report({ name: 'UDP, IPFIX, without loss', value: best.records, unit: 'records/s', target: TARGET.records, ...ours });
  report({ name: 'UDP, IPFIX, by processor time', value: perCore, unit: 'datagrams/s of a core', ...ours });
  for (const peer of PEERS) for (const rate of rates) await beside(peer, sender, stream, rate);
}

async function beside(peer: Peer, sender: string, stream: string, rate: number): Promise<void> {
  rmSync(join(folder, 'nfcapd'), { recursive: true, force: true });
  mkdirSync(join(folder, 'nfcapd'));
  const port = 29_000 + Math.floor(Math.random() * 900);
  const child = spawn(peer.name, peer.args(port), { stdio: 'ignore' });
  const missing = await Promise.race([once(child, 'error').then(() => true), once(child, 'spawn').then(() => false)]);
  if (missing) {
    say(`${peer.name} is not installed`);
    report({ name: `– ${peer.name}`, unit: '', peakMiB: null, note: 'not installed' });
    return;
  }
  await sleep(1000);
  const sent = await send(sender, stream, port, rate);
  await sleep(1000);
  const drops = kernelDropsAt(port);
  const peak = peakMiB(child.pid!);
  child.kill('SIGINT');
  await once(child, 'exit');
  const records = peer.records();
  const read = (sent.datagrams - drops) / sent.seconds;
  say(
    `${peer.name.padEnd(7)} asked ${k(rate)}/s  sent ${k(sent.datagrams / sent.seconds)}/s  read ${k(read)}/s  kernel drops ${drops}` +
      `  records kept ${records ?? 'not told'} of ${sent.records}  peak ${peak?.toFixed(0)} MiB`,
  );
  if (rate === TARGET.datagrams)
    report({ name: `– ${peer.name}, asked ${k(rate)}/s`, value: read, unit: 'datagrams/s', peakMiB: peak ?? null });
}

/** Of /proc/net/udp the last column of the socket on that port. */
function kernelDropsAt(port: number): number {
  const at = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const line = readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .find((one) => one.trim().split(/\s+/)[1]?.endsWith(at));
  return Number(line?.trim().split(/\s+/).at(-1) ?? 0);
}

function k(value: number): string {
  return `${(value / 1000).toFixed(0)} k`;
}
