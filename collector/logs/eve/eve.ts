import type { Faults, LineDecoder, LogEvents } from '../../contracts.js';
import { orientRows } from '../../decoders/orientation.js';
import { type NameSink, NO_NAMES } from '../../names/name-sink.js';
import { type JsonObject, objectOf, parseJsonLine } from '../json-line.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { createDnsReader } from './dns-event.js';
import { createEventReader, timeOf } from './event.js';
import { createEventScanner, Scan } from './event-scan.js';
import { settleFlow } from './flow-state.js';
import { createStatsReader } from './stats-event.js';

/**
 * Suricata's EVE log: a row for each event of type `flow` (both directions) or `netflow` (one), other events are told as such. A Suricata that writes both
 * logs everything twice, so the kind that comes first in a log is the one that is read, and the other is passed over. Answers in `dns` events are told to
 * `names`, what `stats` events say was missed to the ledger.
 *
 * Octets are as Suricata counts them: the whole captured packet, some 14 octets for each more than IP has (docs.suricata.io, "Event type: Flow").
 */
export function createEveDecoder(sensor: string, names: NameSink = NO_NAMES): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'suricata');
  const readEvent = createEventReader();
  const scanner = createEventScanner();
  const readDns = createDnsReader(names);
  const readStats = createStatsReader();
  let kind: string | undefined;

  /** An event that is no flow. */
  function other(event: JsonObject, type: string, events: LogEvents, faults: Faults): void {
    if (type !== 'dns' && type !== 'stats') return events.other();
    const ms = timeOf(event.timestamp);
    if (type === 'dns') readDns(event, ms);
    else readStats(event, ms, events, faults);
    events.other(ms);
  }

  return {
    decode(lines, into, events, faults) {
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        const scanned = scanner.scan(lines.bytes, lines.starts[i]!, lines.ends[i]!, record);
        if (scanned === Scan.other || (scanned === Scan.flow && (kind ?? 'flow') !== 'flow')) {
          events.other();
          continue;
        }
        if (scanned === Scan.flow) {
          kind = 'flow';
          const row = writer.write(record, lines.numbers[i]!);
          orientRows(into, row, row + 1);
          settleFlow(into, row, scanner.event);
          events.record(record.endMs);
          continue;
        }
        const event = parseJsonLine(lines.bytes, lines.starts[i]!, lines.ends[i]!);
        const type = event?.event_type;
        if (event !== undefined && typeof type === 'string' && ((type !== 'flow' && type !== 'netflow') || (kind ?? type) !== type)) {
          other(event, type, events, faults);
        } else if (event === undefined || typeof type !== 'string' || !readEvent(event, type, record)) {
          faults.add('line-malformed');
          events.malformed(1);
        } else {
          kind = type;
          const row = writer.write(record, lines.numbers[i]!);
          orientRows(into, row, row + 1);
          if (type === 'flow') settleFlow(into, row, event);
          if (isGapped(event)) faults.add('content-missed');
          events.record(record.endMs);
        }
      }
      writer.end();
    },
  };
}

/** Suricata did not see one of the two streams whole. */
function isGapped(event: JsonObject): boolean {
  const tcp = objectOf(event.tcp);
  return tcp !== undefined && (tcp.ts_gap === true || tcp.tc_gap === true);
}
