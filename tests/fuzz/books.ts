import type { Ledger } from '../../collector/sequence/ledger.js';
import { ColumnBatch } from '../../flow/batch.js';
import { COVERAGE_COLUMNS } from '../../flow/coverage.js';
import { mustBe } from './target.js';

const minutes = new ColumnBatch(COVERAGE_COLUMNS, 1024);

/** Drains the ledger and holds every row of it against the double entry of flow/coverage.ts. */
export function checkBooks(ledger: Ledger): void {
  minutes.clear();
  let rows = 0;
  while (ledger.drain(Number.POSITIVE_INFINITY, minutes) > 0) {
    rows += minutes.length;
    mustBe(rows < 1_000_000, 'the ledger ends');
    checkMinutes(minutes);
    minutes.clear();
  }
}

/** Held records may be released in a later minute: sent and received balance in each row, held and released over all. */
function checkMinutes({ columns: c, length }: typeof minutes): void {
  let received = 0;
  let accounted = 0;
  for (let row = 0; row < length; row++) {
    mustBe(c.recordsSent[row] === c.recordsReceived[row]! + c.recordsLost[row]!, `records sent ${c.recordsSent[row]} = received + lost`);
    mustBe(
      c.messagesSent[row] === c.messagesReceived[row]! + c.messagesLost[row]!,
      `messages sent ${c.messagesSent[row]} = received + lost`,
    );
    received += c.recordsReceived[row]! + c.recordsReleased[row]!;
    accounted +=
      c.recordsDecoded[row]! +
      c.recordsUndecodable[row]! +
      c.recordsMalformed[row]! +
      c.recordsDuplicate[row]! +
      c.recordsRefused[row]! +
      c.recordsHeld[row]!;
  }
  mustBe(received === accounted, `records received + released ${received} = ${accounted} accounted for`);
}
