import type { ReportFigures, ReportQuestion } from '../../detector/report/figures.js';
import { readReport } from '../../detector/report/read.js';
import type { Config } from '../../flow/service/config.js';
import { explainLocked, withConfiguredStore } from './desk.js';
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
  return await explainLocked('reports', () => withConfiguredStore(config, (store) => readReport(store, question, known)));
}
