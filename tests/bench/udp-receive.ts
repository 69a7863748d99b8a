import { type CollectorOutput, createCollector } from '../../collector/collector.js';
import { createUdpInput } from '../../collector/inputs/udp.js';
import { createDomainOrigins } from '../../collector/origins.js';
import { peakMiB } from './report.js';

/*
 * The receiver of tests/bench/udp.ts, a process of its own: UDP input, decoder and ledger of `cordon collect`, and an output that keeps nothing. Listens on
 * a free port of loopback and says which; ends when its standard input does, and then prints what it has got.
 */

export interface Received {
  readonly datagrams: number;
  readonly records: number;
  readonly kernelDrops: number;
  readonly queueDrops: number;
  readonly recordsLost: number;
  readonly recordsUndecodable: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly peakMiB: number | undefined;
}

let recordsLost = 0;
let recordsUndecodable = 0;
const output: CollectorOutput = {
  flows: { write: async (batch) => ({ produced: batch.length, unwatched: 0 }), flush: async () => undefined },
  async coverage(batch) {
    for (let row = 0; row < batch.length; row++) {
      recordsLost += Number(batch.columns.recordsLost[row]);
      recordsUndecodable += Number(batch.columns.recordsUndecodable[row]);
    }
  },
};
const collector = createCollector(output);
const quiet = (): void => undefined;
const input = createUdpInput(
  { listen: [{ address: '127.0.0.1', port: 0 }] },
  {
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    faults: collector.faults,
    sensorOf: () => 'bench',
    now: Date.now,
    onKernelDrops: quiet,
    onLimited: quiet,
  },
);
const originOf = createDomainOrigins(() => 'bench');
const [bound] = await input.bind();
const running = input.start((payload, sender) => collector.datagram(payload, originOf(payload, sender)));
process.stdout.write(`${bound!.port}\n`);
const before = process.cpuUsage();
for await (const _chunk of process.stdin);
await input.stop();
await running;
const used = process.cpuUsage(before);
await collector.flush();
await collector.flushLedger(Number.POSITIVE_INFINITY);
const received: Received = {
  datagrams: input.counters.datagrams,
  records: collector.counters.records,
  kernelDrops: input.counters.kernelDrops,
  queueDrops: input.counters.queueDrops + collector.counters.overrun,
  recordsLost,
  recordsUndecodable,
  userSeconds: used.user / 1e6,
  systemSeconds: used.system / 1e6,
  peakMiB: peakMiB(),
};
process.stdout.write(`${JSON.stringify(received)}\n`);
