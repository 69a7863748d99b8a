import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCollector } from '../../collector/collector.js';
import { type FileFormat, readFileInto } from '../../collector/files.js';
import { InputError } from '../../collector/inputs/input-error.js';
import { checkBooks } from './books.js';
import { checkRows } from './rows.js';
import { behaviourOf, type FuzzTarget, mustBe } from './target.js';

/** Files are written where no disk is worn out. */
const MEMORY_FOLDER = '/dev/shm';

/**
 * Files of one format through the collector, as `cordon decode` reads them. An InputError is a good answer to a bad file; anything else is not.
 * `octetsPerRow` is the fewest octets of an uncompressed file that stand behind a row.
 */
export function fileTarget(
  name: string,
  format: FileFormat,
  kind: 'bytes' | 'text',
  seeds: readonly Uint8Array[],
  octetsPerRow: number,
): FuzzTarget {
  let rows = 0;
  // One collector for all inputs: what one file leaves behind must not disturb the next, and its memory must stay bounded.
  const collector = createCollector({
    flows: {
      async write(batch) {
        checkRows(batch);
        rows += batch.length;
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async () => undefined,
  });
  return {
    name,
    kind,
    seeds: seeds.map((seed) => [seed]),
    async run([bytes = new Uint8Array(0)]) {
      const path = join(temporaryFolder(), `input-${name}`);
      writeFileSync(path, bytes);
      const { counters } = collector;
      const before = { ...counters, faults: new Map(counters.faults) };
      rows = 0;
      let refused = '';
      const summary = await readFileInto(collector, { path, format, sensor: 'fuzz' }).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
        refused = error.code;
        return undefined;
      });
      await collector.flush();
      mustBe(rows * octetsPerRow <= bytes.length, `${rows} rows out of ${bytes.length} octets`);
      mustBe(rows === counters.records - before.records, 'rows written are rows counted');
      checkBooks(collector.ledger);
      const faults = [...counters.faults].map(([code, count]) => [code, count - (before.faults.get(code) ?? 0)] as const);
      const grown = [rows, counters.packets - before.packets, counters.lines - before.lines, counters.datagrams - before.datagrams];
      const told = behaviourOf(Object.fromEntries(faults.filter(([, count]) => count > 0)), grown);
      return `${refused}${summary?.cut === true ? 'cut' : ''} ${told}`;
    },
  };
}

let folder: string | undefined;

/** One for all targets of the process, removed when that ends. */
function temporaryFolder(): string {
  if (folder !== undefined) return folder;
  const made = mkdtempSync(join(process.platform === 'linux' ? MEMORY_FOLDER : tmpdir(), 'cordon-fuzz-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}
