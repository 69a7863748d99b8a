import type { Faults, LineDecoder, LogEvents } from '../../contracts.js';
import { type NameSink, NO_NAMES } from '../../names/name-sink.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { ZeekHeader } from './header.js';
import { createJsonScanReader } from './json-scan.js';
import { Read } from './read.js';
import { createJsonFields, createTsvFields, type SideFields } from './side-fields.js';
import { createSideReader, isSideLog } from './side-logs.js';
import { createTsvReader } from './tsv-line.js';

const HASH = 0x23;
const BRACE = 0x7b;

/**
 * Zeek's conn.log, TSV with its header or one JSON object a line (docs.zeek.org, Conn::Info), also mixed. A row a line: the originator is the source, both
 * directions measured, octets those of IP (`orig_ip_bytes`), or of the payload alone where the log has no other. Answers in dns.log are told to `names`, what
 * stats.log and capture_loss.log say was missed to the ledger; other logs' lines are passed over.
 */
export function createZeekDecoder(sensor: string, names: NameSink = NO_NAMES): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'zeek');
  const header = new ZeekHeader();
  const tsv = createTsvReader(header);
  const json = createJsonScanReader();
  const tsvFields = createTsvFields(header);
  const jsonFields = createJsonFields();
  const readSide = createSideReader(names);

  /** A line that is no connection, nor a header. */
  function other(fields: SideFields | undefined, events: LogEvents, faults: Faults): void {
    if (fields === undefined && isSideLog(header)) faults.add('line-malformed');
    if (fields !== undefined && readSide(fields, events)) events.other(fields.time('ts'));
    else events.other();
  }

  return {
    decode(lines, into, events, faults) {
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        const start = lines.starts[i]!;
        const end = lines.ends[i]!;
        const last = lines.unterminated && i === lines.length - 1;
        const first = lines.bytes[start];
        let read: number;
        if (first === HASH) {
          read = header.read(lines.bytes, start, end) ? Read.header : Read.malformed;
        } else {
          read = first === BRACE ? json(lines.bytes, start, end, record) : tsv(lines.bytes, start, end, last, record);
        }
        if (read === Read.header) {
          events.other();
        } else if (read === Read.other) {
          other(first === BRACE ? jsonFields(lines.bytes, start, end) : tsvFields(lines.bytes, start, end), events, faults);
        } else if (read === Read.malformed) {
          faults.add('line-malformed');
          events.malformed(1);
        } else {
          writer.write(record, lines.numbers[i]!);
          if (read === Read.recordWithGaps) faults.add('content-missed');
          events.record(record.endMs);
        }
      }
      writer.end();
    },
  };
}
