import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgress } from '../../cli/render/progress.js';
import { createSensorNamer, loadClaimSets } from '../../cli/wiring/claim-sets.js';
import { startEmbedded } from '../../cli/wiring/embedded.js';
import { playInputs, replayLogName } from '../../cli/wiring/inputs.js';
import { KEEP_FOREVER } from '../../detector/store/store.js';
import { Lifecycle } from '../../flow/service/lifecycle.js';
import { createLog } from '../../flow/service/log.js';
import { profiled } from './cpu-shares.js';
import { makeTraffic } from './make-traffic.js';
import { MEMORY_MB, peakMiB, processorSeconds, report } from './report.js';

/*
 * The embedded pipeline end to end, wired as `cordon replay` wires it: an IPFIX capture is read, decoded, routed, judged and stored, findings and
 * ledger included. The clock runs from the first octet read until everything is judged and stored.
 *
 *   node <compiled>/tests/bench/pipeline.js [records] [--profile]     --profile also samples the main thread and prints where its time went
 */

const profile = process.argv.includes('--profile');
const records = Number(process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? 3_000_000);

const traffic = makeTraffic(records);
const data = await mkdtemp(join(tmpdir(), 'cordon-bench-pipeline-'));
process.stdout.write(
  `${traffic.records} records in ${traffic.datagrams} datagrams, ${(traffic.octets / 1e6).toFixed(0)} MB; two fleets of 100 assets\n`,
);
const log = createLog('warn', 'bench');
const lifecycle = new Lifecycle(log);
try {
  const claimSets = loadClaimSets(traffic.claims.map((file) => ({ file, approvals: undefined })));
  const sensorOf = createSensorNamer(claimSets.sets, {});
  const inputs = [{ path: traffic.capture, format: 'export-pcap', sensor: '' }] as const;
  const logName = replayLogName(inputs, claimSets, {});
  let revisions = 0;
  const embedded = await startEmbedded(
    {
      data,
      claimSets,
      ...(logName === undefined ? {} : { logName }),
      retention: KEEP_FOREVER,
      log,
      onFinding: () => {
        revisions += 1;
      },
    },
    lifecycle,
  );
  const run = async (): Promise<void> => {
    const started = performance.now();
    const cpu = process.cpuUsage();
    const mainThread = mainThreadSeconds();
    await Promise.race([
      playInputs(embedded.collector, inputs, sensorOf, Number.POSITIVE_INFINITY, createProgress(false)),
      embedded.failed,
    ]);
    const readSeconds = (performance.now() - started) / 1000;
    await embedded.drain();
    const seconds = (performance.now() - started) / 1000;
    const used = process.cpuUsage(cpu);
    const cpuSeconds = (used.user + used.system) / 1e6;
    const mainSeconds = mainThreadSeconds() - mainThread;
    const perSecond = traffic.records / seconds;
    const lines = [
      [
        'embedded pipeline',
        `${(perSecond / 1000).toFixed(0)} k records/s (${seconds.toFixed(1)} s, of which ${readSeconds.toFixed(1)} s reading)`,
      ],
      [
        'processor time',
        `${cpuSeconds.toFixed(1)} s: ${mainSeconds.toFixed(1)} s main thread, the rest database, files and garbage collection`,
      ],
      ['findings published', `${revisions} revisions`],
      ['peak memory', `${peakMiB()?.toFixed(0)} MiB`],
    ];
    for (const [name, value] of lines) process.stdout.write(`${name!.padEnd(20)}${value}\n`);
    report({ name: 'embedded pipeline', value: perSecond, unit: 'records/s', target: 200_000, peakBelowMB: MEMORY_MB.withChdb });
  };
  await (profile ? profiled(run) : run());
  const { rows } = await embedded.store.query<{ records: string }>('SELECT countIf(mirror = 0) AS records FROM flows');
  if (Number(rows[0]?.records) !== traffic.records) throw new Error(`${rows[0]?.records} of ${traffic.records} records are stored`);
  if (revisions === 0) throw new Error('no finding in traffic that breaks the claims');
} finally {
  await lifecycle.stop();
  await rm(data, { recursive: true, force: true });
  await rm(traffic.folder, { recursive: true, force: true });
}

/** Processor time of the thread that runs JavaScript: Linux numbers it as the process. */
function mainThreadSeconds(): number {
  return processorSeconds(`self/task/${process.pid}`) ?? Number.NaN;
}
