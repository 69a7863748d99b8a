import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryResult } from '../../../dashboards/console/frame.js';
import { CLAIM_WINDOW_COLUMNS } from '../../../detector/coverage/claim-windows.js';
import { VERDICT_COLUMNS } from '../../../detector/coverage/verdict-types.js';
import { DECISION_COLUMNS } from '../../../detector/decisions/decision.js';
import { FINDING_COLUMNS } from '../../../detector/findings/finding.js';
import { JUDGEMENT_COLUMNS } from '../../../detector/findings/judgement.js';
import type { ChdbStore } from '../../../detector/store/chdb/chdb-store.js';
import { locatePeers } from '../../../detector/store/queries/places.js';
import { createStore, KEEP_FOREVER } from '../../../detector/store/store.js';
import { FLOW_COLUMNS } from '../../../flow/columns.js';
import { COVERAGE_COLUMNS } from '../../../flow/coverage.js';
import { nativeRows, type Row } from './rows.js';
import {
  DAY_RANGE,
  sampleCoverage,
  sampleDecisions,
  sampleFinder,
  sampleFindings,
  sampleFlows,
  sampleJudgements,
  sampleVerdicts,
  sampleWindows,
} from './sample-data.js';

export interface SampleStore {
  readonly store: ChdbStore;
  /** As the command line wires it: rows as arrays in the order of the columns. */
  query(sql: string): Promise<QueryResult>;
  close(): Promise<void>;
}

export interface SampleExtras {
  /** Sessions for whoever asks over HTTP. */
  readonly guests?: number;
  readonly findings?: readonly Row<typeof FINDING_COLUMNS>[];
  readonly verdicts?: readonly Row<typeof VERDICT_COLUMNS>[];
  readonly flows?: readonly Row<typeof FLOW_COLUMNS>[];
}

/** A real store in a temporary folder with one day of two fleets in it. */
export async function openSampleStore(extras: SampleExtras = {}): Promise<SampleStore> {
  const path = await mkdtemp(join(tmpdir(), 'cordon-dashboards-'));
  const store = createStore({ kind: 'chdb', path, retention: KEEP_FOREVER, guests: extras.guests ?? 0 });
  await store.start();
  await store.migrate();
  await store.insertNative('flows', [nativeRows(FLOW_COLUMNS, [...sampleFlows(), ...(extras.flows ?? [])])], 'sample-flows');
  await locatePeers(store, sampleFinder(), Date.parse(DAY_RANGE.to));
  await store.insertNative('findings', [nativeRows(FINDING_COLUMNS, [...sampleFindings(), ...(extras.findings ?? [])])], 'sample-findings');
  await store.insertNative('verdicts', [nativeRows(VERDICT_COLUMNS, [...sampleVerdicts(), ...(extras.verdicts ?? [])])], 'sample-verdicts');
  await store.insertNative('coverage', [nativeRows(COVERAGE_COLUMNS, sampleCoverage())], 'sample-coverage');
  await store.insertNative('judgements', [nativeRows(JUDGEMENT_COLUMNS, sampleJudgements())], 'sample-judgements');
  await store.insertNative('claim_windows', [nativeRows(CLAIM_WINDOW_COLUMNS, sampleWindows())], 'sample-windows');
  await store.insertNative('decisions', [nativeRows(DECISION_COLUMNS, sampleDecisions())], 'sample-decisions');
  return {
    store,
    async query(sql) {
      const { meta, rows } = await store.query<Record<string, unknown>>(sql);
      return { meta, data: rows.map((row) => meta.map(({ name }) => row[name])) };
    },
    async close() {
      await store.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}
