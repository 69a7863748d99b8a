import type { Faults, LineDecoder, LogEvents } from '../../contracts.js';
import { parseJsonLine } from '../json-line.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { VpcHeader } from './header.js';
import { fieldsLine, JSON_FIELDS, messageOf } from './json.js';
import { createVpcLineReader, Read } from './line.js';

const BRACE = 0x7b;

/**
 * AWS VPC flow logs: text lines of fields between spaces, in the order that the header line names, or without one in a documented order
 * (docs.aws.amazon.com/vpc, "Flow log records"); transit gateway flow logs likewise; the same lines as messages of CloudWatch's JSON, and objects with the
 * fields by name. A row for each record with `log-status` OK: one direction, as one network interface saw it, so a flow between two logged interfaces is
 * in the log twice. NODATA is time observed without traffic; SKIPDATA is loss whose size AWS does not tell, a line for at least one record.
 */
export function createVpcDecoder(sensor: string): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'vpcflow');
  const header = new VpcHeader();
  const readLine = createVpcLineReader(header);
  const named = new VpcHeader();
  named.name(JSON_FIELDS);
  named.assumed = false;
  const readNamed = createVpcLineReader(named);
  let events: LogEvents;
  let faults: Faults;

  function tell(read: number, lineNumber: number): void {
    switch (read) {
      case Read.record:
        writer.write(record, lineNumber);
        events.record(record.endMs);
        break;
      case Read.noData:
        events.quiet(record.endMs);
        break;
      case Read.skippedData:
        faults.add('records-skipped');
        events.missing(record.endMs);
        break;
      default:
        faults.add('line-malformed');
        events.malformed(1);
    }
  }

  function line(bytes: Uint8Array, start: number, end: number, unterminated: boolean, lineNumber: number): void {
    if (header.read(bytes, start, end)) events.other();
    else tell(readLine(bytes, start, end, unterminated, record), lineNumber);
  }

  function object(bytes: Uint8Array, start: number, end: number, lineNumber: number): void {
    const event = parseJsonLine(bytes, start, end);
    if (event === undefined) {
      tell(Read.malformed, lineNumber);
      return;
    }
    const message = messageOf(event);
    const fields = message === undefined ? fieldsLine(event) : undefined;
    if (message !== undefined) {
      const text = new TextEncoder().encode(message.trim());
      line(text, 0, text.length, false, lineNumber);
    } else if (fields !== undefined) {
      const text = new TextEncoder().encode(fields);
      tell(readNamed(text, 0, text.length, false, record), lineNumber);
    } else {
      events.other();
    }
  }

  return {
    decode(lines, into, toEvents, toFaults) {
      events = toEvents;
      faults = toFaults;
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        const start = lines.starts[i]!;
        const end = lines.ends[i]!;
        if (lines.bytes[start] === BRACE) object(lines.bytes, start, end, lines.numbers[i]!);
        else line(lines.bytes, start, end, lines.unterminated && i === lines.length - 1, lines.numbers[i]!);
      }
      writer.end();
    },
  };
}
