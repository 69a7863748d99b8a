import type { LogEvents } from '../../contracts.js';
import type { NameSink } from '../../names/name-sink.js';
import { createAnswerTeller } from '../answers.js';
import type { ZeekHeader } from './header.js';
import type { SideFields } from './side-fields.js';

/** Whether the columns are those of a log that is read here. */
export function isSideLog(header: ZeekHeader): boolean {
  return ['query', 'pkts_proc', 'acks'].some((name) => header.columnOf(name) !== undefined);
}

/** Types of question whose answers are addresses: A, AAAA and ANY. Zeek leaves the type unset where it saw the answer alone. */
const ADDRESS_TYPES = new Set([1, 28, 255]);

/**
 * What Zeek's logs beside conn.log tell:
 *   dns.log           DNS::Info: who asked what, and the answers with their TTLs                                  → names
 *   stats.log         Stats::Info: pkts_dropped by the capture since the last line                                → packets missed
 *   capture_loss.log  CaptureLoss::Info: gaps, ACKs of data that Zeek never saw, since the last line              → packets missed
 * A packet that the capture dropped may be in both of the latter. Answers whether the line was of one of them.
 */
export type SideReader = (fields: SideFields, events: LogEvents) => boolean;

export function createSideReader(names: NameSink): SideReader {
  const teller = createAnswerTeller(names);

  function answers(fields: SideFields): void {
    const data = fields.list('answers');
    const type = fields.number('qtype');
    const code = fields.number('rcode');
    if (data.length === 0 || code > 0 || !(Number.isNaN(type) || ADDRESS_TYPES.has(type))) return;
    const ttls = fields.list('TTLs');
    const records = data.map((text, index) => ({ data: text, ttlSeconds: Number(ttls[index] ?? 0) || 0 }));
    // `ts` is the question's time, the answer came a round trip later.
    const ms = fields.time('ts') + (fields.number('rtt') || 0) * 1000;
    teller.answer(fields.text('id.orig_h'), fields.text('id.resp_h'), fields.text('query'), records, ms);
  }

  return (fields, events) => {
    if (fields.has('query') && fields.has('id.orig_h')) {
      answers(fields);
      return true;
    }
    const missed = fields.has('pkts_proc') ? fields.number('pkts_dropped') : fields.has('acks') ? fields.number('gaps') : Number.NaN;
    const ms = fields.time('ts');
    if (missed > 0 && Number.isSafeInteger(missed) && ms >= 0) events.packetsMissed(missed, ms);
    return fields.has('pkts_proc') || fields.has('acks');
  };
}
