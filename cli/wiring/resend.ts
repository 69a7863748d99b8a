import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import type { FaultCode } from '../../collector/contracts.js';
import { createExportCapture } from '../../collector/inputs/export-capture.js';
import { UsageError } from '../errors.js';
import type { Progress } from '../render/progress.js';
import { formatCount } from '../render/text.js';
import { createPace, type ReplayInput } from './inputs.js';

/** At full speed, a pause after this many datagrams lets the receiver read: UDP itself never says that it is behind. */
const BURST = 32;

/** Sends the export datagrams of captures on to a collector, as they are. Works for captures of export traffic only. */
export async function resendExports(
  inputs: readonly ReplayInput[],
  host: string,
  port: number,
  speed: number,
  progress: Progress,
): Promise<void> {
  const address = await lookup(host).catch(() => undefined);
  if (address === undefined)
    throw new UsageError(`--to udp://${host}:${port}: there is no machine of the name '${host}'; write udp://address:port`);
  const socket = createSocket(address.family === 6 ? 'udp6' : 'udp4');
  let sent = 0;
  try {
    for (const { path, format } of inputs) {
      if (format === 'pcap')
        throw new UsageError(`${path} is a capture of traffic; only export datagrams (format export-pcap) can be sent to udp://`);
      const pace = createPace(speed);
      const capture = createExportCapture({ path, sensorOf: () => '' }, { add: (_code: FaultCode) => undefined });
      await capture.start(async (payload, origin) => {
        await pace(origin.receivedMs);
        await new Promise<void>((resolve, reject) => {
          socket.send(payload, port, address.address, (error) => (error === null ? resolve() : reject(error)));
        });
        sent++;
        progress.add(path, 1);
        if (sent % BURST === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      });
    }
  } finally {
    socket.close();
    progress.end();
  }
  process.stdout.write(`${formatCount(sent)} datagrams sent to ${host}:${port}\n`);
}
