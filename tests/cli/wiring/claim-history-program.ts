import { randomUUID } from 'node:crypto';
import { ClaimHistory } from '../../../cli/wiring/claim-history.js';

/*
 * A process that waits for the time (ms since the epoch) of its second argument, then archives as many claim files as its third says in the data folder of its
 * first, as every process of one installation does when it starts.
 */
const [data, at, files] = process.argv.slice(2) as [string, string, string];
const history = new ClaimHistory(data);
while (Date.now() < Number(at));
for (let file = 0; file < Number(files); file++) {
  const hash = file.toString(16).padStart(64, '0');
  const text = `# ${'claims '.repeat(1000)}${file}`;
  history.add(
    { id: 'scanners', hash, fromMs: Number.NEGATIVE_INFINITY, writtenMs: 0, file: randomUUID() },
    { claims: { file: 'claims.yaml', text }, approvals: { file: 'approvals.jsonl', text: '{}' } },
  );
}
