import type { LineDecoder } from '../../contracts.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { ZeekHeader } from './header.js';
import { createJsonReader } from './json-line.js';
import { Read } from './read.js';
import { createTsvReader } from './tsv-line.js';

const HASH = 0x23;
const BRACE = 0x7b;

/**
 * Zeek's conn.log, TSV with its header or one JSON object a line (docs.zeek.org, Conn::Info), also mixed. A row a line: the originator is the source, both
 * directions measured, octets those of IP (`orig_ip_bytes`), or of the payload alone where the log has no other. Lines of other logs are told as such.
 */
export function createZeekDecoder(sensor: string): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'zeek');
  const header = new ZeekHeader();
  const tsv = createTsvReader(header);
  const json = createJsonReader();

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
          read = header.read(lines.bytes, start, end) ? Read.other : Read.malformed;
        } else {
          read = first === BRACE ? json(lines.bytes, start, end, record) : tsv(lines.bytes, start, end, last, record);
        }
        if (read === Read.other) {
          events.other();
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
