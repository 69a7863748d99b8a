import { randomUUID } from 'node:crypto';
import { ClaimHistory } from '../../../cli/wiring/claim-history.js';
import { argumentsAtOnce } from '../../support/at-once-program.js';

/*
 * A process that archives as many claim files as its second argument says in the data folder of its first, when others do, as every process of one installation
 * does when it starts.
 */
const [, data, files] = argumentsAtOnce();
const history = new ClaimHistory(data!);
for (let file = 0; file < Number(files); file++) {
  const hash = file.toString(16).padStart(64, '0');
  const text = `# ${'claims '.repeat(1000)}${file}`;
  history.add(
    { id: 'scanners', hash, fromMs: Number.NEGATIVE_INFINITY, writtenMs: 0, file: randomUUID() },
    { claims: { file: 'claims.yaml', text }, approvals: { file: 'approvals.jsonl', text: '{}' } },
  );
}
