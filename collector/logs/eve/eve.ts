import type { LineDecoder } from '../../contracts.js';
import { orientRows } from '../../decoders/orientation.js';
import { parseJsonLine } from '../json-line.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { createEventReader } from './event.js';
import { settleFlow } from './flow-state.js';

/**
 * Suricata's EVE log: a row for each event of type `flow` (both directions) or `netflow` (one), other events are told as such. A Suricata that writes both
 * logs everything twice, so the kind that comes first in a log is the one that is read, and the other is passed over.
 *
 * Octets are as Suricata counts them: the whole captured packet, some 14 octets for each more than IP has (docs.suricata.io, "Event type: Flow").
 */
export function createEveDecoder(sensor: string): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'suricata');
  const readEvent = createEventReader();
  let kind: string | undefined;

  return {
    decode(lines, into, events, faults) {
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        const event = parseJsonLine(lines.bytes, lines.starts[i]!, lines.ends[i]!);
        const type = event?.event_type;
        if (event !== undefined && typeof type === 'string' && ((type !== 'flow' && type !== 'netflow') || (kind ?? type) !== type)) {
          events.other();
        } else if (event === undefined || typeof type !== 'string' || !readEvent(event, type, record)) {
          faults.add('line-malformed');
          events.malformed(1);
        } else {
          kind = type;
          const row = writer.write(record, lines.numbers[i]!);
          orientRows(into, row, row + 1);
          if (type === 'flow') settleFlow(into, row, event);
          events.record(record.endMs);
        }
      }
      writer.end();
    },
  };
}
