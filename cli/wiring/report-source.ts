import type { ReportFigures, ReportQuestion } from '../../detector/report/figures.js';
import { readReport } from '../../detector/report/read.js';
import type { Store } from '../../detector/store/store.js';
import type { Config } from '../../flow/service/config.js';
import type { ClaimSource } from './claim-sets.js';
import { ANSWERING, explainLocked, withConfiguredStore } from './desk.js';
import { deskOfProcess } from './desk-door.js';
import { knownVersions } from './known-versions.js';

/** The figures of a report over the configured store; where a running process holds the embedded store, that process reads them. */
export async function reportFigures(config: Config, question: ReportQuestion, tell: (sentence: string) => void): Promise<ReportFigures> {
  const elsewhere = config.clickhouse.url === undefined ? deskOfProcess(config.data) : undefined;
  if (elsewhere !== undefined) return await elsewhere.report(question);
  const known = knownVersions(
    config.data,
    config.claims.map((file) => ({ file, approvals: config.approvals, lookup: config.lookup })),
    tell,
  );
  return await explainLocked(`${ANSWERING} for reports while they work`, () =>
    withConfiguredStore(config, (store) => readReport(store, question, known)),
  );
}

/** How a process that holds the store answers whoever asks it for a report: by the claim files as they are then. */
export function reportsOver(
  store: Store,
  data: string,
  files: readonly ClaimSource[],
  tell: (sentence: string) => void,
): (question: ReportQuestion) => Promise<ReportFigures> {
  return (question) => readReport(store, question, knownVersions(data, files, tell));
}
