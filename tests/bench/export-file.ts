import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createCollector } from '../../collector/collector.js';
import { readFileInto } from '../../collector/files.js';
import { ethernet, ipv4, udp } from '../collector/packets/packet-builder.js';
import { type BenchFormat, datagram, RECORDS_PER_DATAGRAM } from './export-datagrams.js';
import { MEMORY_MB, peakMiB, report } from './report.js';

/*
 * A capture of export traffic in /dev/shm, read by the collector to rows (as `cordon decode` reads it, without printing), then by pmacct's nfacctd and by tshark
 * from the same file. Memory is looked at as the rows go by: over ten million records it must stay flat.
 *
 *   node tests/bench/export-file.js [records]
 */

const records = Number(process.argv[2] ?? 10_000_000);
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : '/tmp', 'cordon-exports-'));
/** Different datagrams made; the file repeats them, with the sequence numbers of the first round from the second on. */
const DIFFERENT = 2000;
const START_SECONDS = 1_796_256_000;
/** The peers are slower by one or two orders of magnitude: they get the beginning of the same traffic. */
const PEER_RECORDS = 280_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A pcap of datagrams to UDP 2055, sequence numbers counting on, a thousand datagrams a second. Returns the records in it. */
function writeExports(path: string, format: BenchFormat, most: number): number {
  const perDatagram = RECORDS_PER_DATAGRAM[format];
  const packets = Array.from({ length: DIFFERENT }, (_, number) =>
    ethernet(0x0800, ipv4('192.0.2.1', '192.0.2.100', 17, udp(50_000, 2055, datagram(format, number)))),
  );
  const sequenceAt = packets[0]!.length - datagram(format, 0).length + (format === 'netflow9' ? 12 : format === 'ipfix' ? 8 : 16);
  const file = openSync(path, 'w');
  const header = Buffer.alloc(24);
  let at = 0;
  for (const word of [0xa1b2c3d4, 0x00040002, 0, 0, 65_535, 1]) at = header.writeUInt32LE(word, at);
  writeSync(file, header);
  let count = 0;
  let chunk: Uint8Array[] = [];
  for (let number = 0; count < most; number++, count += perDatagram) {
    const packet = Buffer.from(packets[number % DIFFERENT]!);
    packet.writeUInt32BE(format === 'netflow9' ? number : number * perDatagram, sequenceAt);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(START_SECONDS + Math.floor(number / 1000), 0);
    record.writeUInt32LE((number % 1000) * 1000, 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    chunk.push(record, packet);
    if (chunk.length >= 4096) {
      writeSync(file, Buffer.concat(chunk));
      chunk = [];
    }
  }
  writeSync(file, Buffer.concat(chunk));
  closeSync(file);
  return count;
}

async function readByCordon(path: string, format: BenchFormat, sent: number): Promise<void> {
  const memory: string[] = [];
  let rows = 0;
  const collector = createCollector({
    flows: {
      async write(batch) {
        const before = rows;
        rows += batch.length;
        if (Math.floor(rows / 2_500_000) > Math.floor(before / 2_500_000)) {
          memory.push(`${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB at ${(rows / 1e6).toFixed(1)} M`);
        }
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async () => undefined,
  });
  const started = performance.now();
  await readFileInto(collector, { path, format: 'export-pcap', sensor: 'bench' });
  await collector.flush();
  const seconds = (performance.now() - started) / 1000;
  if (rows !== sent) throw new Error(`${rows} rows of ${sent} records`);
  say(
    `${`cordon, ${format} in a capture`.padEnd(34)} ${seconds.toFixed(2)} s  ${(rows / seconds / 1e6).toFixed(2)} M records/s  ${memory.join(', ')}`,
  );
  report({
    name: `capture of ${format} to rows`,
    value: rows / seconds,
    unit: 'records/s',
    peakMiB: peakMiB(),
    peakBelowMB: MEMORY_MB.without,
  });
}

function beside(name: string, command: string, args: readonly string[], count: number): void {
  const started = performance.now();
  const run = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
  const seconds = (performance.now() - started) / 1000;
  if (run.error !== undefined || run.status !== 0) {
    const code = (run.error as NodeJS.ErrnoException | undefined)?.code;
    const why = code === 'ENOENT' ? 'not installed' : (code ?? `exit ${run.status}: ${run.stderr.toString().split('\n')[0]}`);
    report({ name, unit: '', peakMiB: null, note: why });
    return say(`${name.padEnd(34)} ${why}`);
  }
  report({ name, value: count / seconds, unit: 'records/s', peakMiB: null });
  say(`${name.padEnd(34)} ${seconds.toFixed(2)} s  ${(count / seconds / 1e6).toFixed(3)} M records/s`);
}

try {
  for (const format of ['netflow9', 'ipfix'] as const) {
    const path = join(folder, `${format}.pcap`);
    const sent = writeExports(path, format, format === 'netflow9' ? records : records / 5);
    await readByCordon(path, format, sent);
    rmSync(path);
    const short = join(folder, `${format}-short.pcap`);
    const few = writeExports(short, format, PEER_RECORDS);
    beside(
      `nfacctd -I, ${format}`,
      'nfacctd',
      ['-I', short, '-P', 'print', '-c', 'src_host,dst_host,src_port,dst_port,proto', '-o', '/dev/null'],
      few,
    );
    beside(`tshark, ${format}`, 'tshark', ['-r', short, '-d', 'udp.port==2055,cflow', '-T', 'fields', '-e', 'cflow.srcaddr'], few);
    rmSync(short);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
