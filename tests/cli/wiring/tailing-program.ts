import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { startTailing } from '../../../cli/wiring/tailing.js';
import { createCollector } from '../../../collector/collector.js';
import { createLog } from '../../../flow/service/log.js';

/*
 * A process that follows the conn.log in the folder of its argument, and writes the source port of each record as a line to `stored` there, until it is
 * killed or told to end (SIGTERM). What it has handed on is durable once it is synced.
 */
const folder = process.argv[2]!;
const stored = openSync(join(folder, 'stored'), 'a');
const collector = createCollector({
  flows: {
    async write({ columns, length }) {
      let lines = '';
      for (let row = 0; row < length; row++) lines += `${columns.sourceTransportPort[row]}\n`;
      writeSync(stored, lines);
      return { produced: length, unwatched: 0 };
    },
    flush: async () => undefined,
  },
  coverage: async () => undefined,
});
const tailing = await startTailing({
  logs: [{ path: join(folder, 'conn.log'), format: 'zeek', sensor: 'tap' }],
  data: folder,
  collector,
  log: createLog('error', 'test'),
  durable: async () => fsyncSync(stored),
  noteEveryMs: 20,
  now: Date.now,
});
process.stdout.write('following\n');
process.once('SIGTERM', () => {
  void tailing.stop().then(() => closeSync(stored));
});
