import { stat } from 'node:fs/promises';
import type { Config } from '../../flow/service/config.js';
import { formatDuration, formatTime, MINUTE_MS } from '../../flow/time.js';
import { formatOctets } from '../render/text.js';
import { type Check, note, ok, wrong } from './check.js';

const SECTION = 'logs';
/** conn.log and eve.json of a site that is awake are written every few seconds. */
const QUIET_MS = 15 * MINUTE_MS;

/** The logs that are followed: there, readable, and written lately. */
export async function examineLogs({ collector }: Config, nowMs: number): Promise<Check[]> {
  return Promise.all(
    collector.logs.map(async ({ path, sensor }) => {
      const name = `${sensor}: ${path}`;
      try {
        const { mtimeMs, size } = await stat(path);
        const quietMs = nowMs - mtimeMs;
        const says = `${formatOctets(size)}, written at ${formatTime(mtimeMs)}`;
        if (quietMs <= QUIET_MS) return ok(SECTION, name, says);
        return note(SECTION, name, `${says}, ${formatDuration(quietMs)} ago`, 'see whether the sensor runs and has traffic');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const says = code === 'ENOENT' ? 'there is no such file; it is waited for' : `it cannot be looked at (${code})`;
        return wrong(SECTION, name, says, 'start the sensor that writes it, or correct the path in collector.logs');
      }
    }),
  );
}
