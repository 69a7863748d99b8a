import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startWatching } from '../../../cli/wiring/periodic-watches.js';
import { claimVersion } from '../../../detector/engine/claim-version.js';
import { FINDING_COLUMNS, type Finding } from '../../../detector/findings/finding.js';
import { findingAt } from '../../../detector/findings/finding-batch.js';
import { createStore } from '../../../detector/store/store.js';
import { talking, WATCH_CLAIMS } from '../../../detector/watches/example-facts.js';
import { ColumnBatch } from '../../../flow/batch.js';
import { createLocalBus } from '../../../flow/bus/local.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { decodeFrame } from '../../../flow/frame.js';
import { encodeBlock } from '../../../flow/native/block.js';
import { Lifecycle } from '../../../flow/service/lifecycle.js';
import { createLog } from '../../../flow/service/log.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, minuteOf } from '../../../flow/time.js';
import { batchOf, claimsOf, exampleRows } from '../../detector/support/rows.js';

/** As `cordon run` and `cordon store` do it, by the clock of the machine, only more often. */
test('a device that stopped an hour ago is told on the bus under one id', async () => {
  const path = mkdtempSync(join(tmpdir(), 'cordon-watching-test-'));
  const log = createLog('error', 'test');
  const lifecycle = new Lifecycle(log);
  const store = createStore({ kind: 'chdb', path: join(path, 'store') });
  try {
    await lifecycle.start({ name: 'store', start: () => store.start(), stop: () => store.close() });
    await store.migrate();
    const claims = claimsOf(WATCH_CLAIMS);
    const now = minuteOf(Date.now());
    const iso = (ms: number): string => new Date(ms).toISOString();
    const rows = [
      talking('10.40.10.11', iso(now - 3 * DAY_MS), iso(now - HOUR_MS)),
      talking('10.40.10.12', iso(now - 3 * DAY_MS), iso(now - MINUTE_MS)),
    ];
    await store.insertNative('flows', [encodeBlock(batchOf(claims, exampleRows(rows)))], 'flows');
    const ledger = new ColumnBatch(COVERAGE_COLUMNS, 3 * 1440);
    for (let at = now - 3 * DAY_MS; at < now; at += MINUTE_MS) {
      const row = ledger.add();
      ledger.columns.sensor.codes[row] = ledger.columns.sensor.dictionary.intern('border');
      ledger.columns.minute[row] = at;
      ledger.columns.firstMessageMilliseconds[row] = at + 1000;
      ledger.columns.lastMessageMilliseconds[row] = at + 59_000;
      ledger.columns.messagesSent[row] = 6;
      ledger.columns.messagesReceived[row] = 6;
      ledger.columns.recordsReceived[row] = 3;
      ledger.columns.clockOffsetMilliseconds[row] = Number.NaN;
    }
    await store.insertNative('coverage', [encodeBlock(ledger)], 'coverage');

    const bus = createLocalBus({ groups: { findings: ['test'] } });
    await lifecycle.start({ name: 'bus', start: () => bus.start(), stop: () => bus.stop() });
    const told: Finding[] = [];
    let tell: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      tell = resolve;
    });
    await bus.subscribe({
      group: 'test',
      topics: ['findings'],
      reader: {
        assigned: async () => undefined,
        revoked: async () => undefined,
        async messages(messages) {
          for (const message of messages) {
            const batch = new ColumnBatch(FINDING_COLUMNS);
            decodeFrame(message, batch);
            for (let row = 0; row < batch.length; row++) told.push(findingAt(batch, row));
          }
          tell();
        },
      },
    });
    const settings = { silence: { warmUpHours: 24 } };
    await startWatching(store, bus, () => [claimVersion(claims)], settings, log, lifecycle, 20);
    await first;
    expect(new Set(told.map(({ detection, asset }) => `${detection} ${asset}`))).toEqual(new Set(['silence scan-01']));
    expect(told[0]!.observed).toBeGreaterThanOrEqual(50);
    // Nobody stores them here, so each look tells it again: under one id, which makes it one finding.
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
  } finally {
    await lifecycle.stop();
    rmSync(path, { recursive: true, force: true });
  }
});
