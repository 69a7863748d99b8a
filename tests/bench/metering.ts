import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createCaptureFile } from '../../collector/inputs/capture-file.js';
import { createMeter } from '../../collector/metering/meter.js';
import { FlowBatch } from '../../flow/batch.js';
import { writeTrafficCapture } from '../collector/packets/traffic-capture.js';
import { MEMORY_MB, median, report } from './report.js';

/*
 * Reading and metering of a capture, beside softflowd and nfpcapd on the same file. Prints figures; judges nothing.
 *   node tests/bench/metering.js [packets]
 */

const packets = Number(process.argv[2] ?? 500_000);
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : '/tmp', 'cordon-metering-'));
const path = join(folder, 'traffic.pcap');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function meterOnce(): Promise<{ seconds: number; packets: number; records: number; faults: number }> {
  const meter = createMeter({ sensor: 'bench' });
  const rows = new FlowBatch();
  let faults = 0;
  let records = 0;
  const counting = {
    add(_code: string, count = 1): void {
      faults += count;
    },
  };
  const started = performance.now();
  await createCaptureFile({ path }).start((batch) => {
    meter.packets(batch, rows, counting);
    records += rows.length;
    rows.clear();
  }, counting);
  for (let done = false; !done; ) {
    done = meter.flush(rows, 65_536);
    records += rows.length;
    rows.clear();
  }
  return { seconds: (performance.now() - started) / 1000, packets: meter.counters.packets, records, faults };
}

function beside(name: string, command: string, args: readonly string[]): void {
  const started = performance.now();
  const run = spawnSync(command, args, { stdio: 'ignore', timeout: 60_000 });
  const seconds = (performance.now() - started) / 1000;
  if (run.error !== undefined) {
    report({ name, unit: '', peakMiB: null, note: 'not installed' });
    return say(`${name.padEnd(34)} not installed (${run.error.message})`);
  }
  report({ name, value: packets / seconds, unit: 'packets/s', peakMiB: null });
  say(`${name.padEnd(34)} ${seconds.toFixed(2)} s  ${rate(packets / seconds)}${run.status === 0 ? '' : `  exit ${run.status}`}`);
}

function rate(perSecond: number): string {
  return `${(perSecond / 1e6).toFixed(2)} M packets/s`;
}

try {
  const [cpu] = cpus();
  say(
    `machine: ${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${arch()}, Linux ${release()}, Node ${process.version}`,
  );
  const made = writeTrafficCapture(path, packets);
  say(
    `capture: ${made.packets} packets in ${made.flows} flows, ${(statSync(path).size / 1e6).toFixed(0)} MB, snaplen 128, ${(made.octets / 1e6).toFixed(0)} MB on the wire`,
  );
  const rates: number[] = [];
  for (let run = 1; run <= 4; run++) {
    const result = await meterOnce();
    rates.push(result.packets / result.seconds);
    say(
      `${`cordon read + meter, run ${run}`.padEnd(34)} ${result.seconds.toFixed(2)} s  ${rate(result.packets / result.seconds)}  ${result.records} records, ${result.faults} faults`,
    );
  }
  const value = median(rates.slice(1)); // the first warms up
  report({ name: 'metering of a capture', value, unit: 'packets/s', target: 2_000_000, peakBelowMB: MEMORY_MB.without });
  say(`${'cordon peak memory (RSS)'.padEnd(34)} ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
  beside('softflowd -r (NetFlow v9 to port 9)', 'softflowd', [
    '-d',
    '-r',
    path,
    '-n',
    '127.0.0.1:9',
    '-v',
    '9',
    '-m',
    '1000000',
    '-c',
    'none',
    '-p',
    join(folder, 'pid'),
  ]);
  beside('nfpcapd -r (nfcapd file)', 'nfpcapd', ['-r', path, '-w', folder]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
