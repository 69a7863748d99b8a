import type { LineDecoder } from '../../contracts.js';
import { parseJsonLine } from '../json-line.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { createEntryReader, Read } from './entry.js';

/**
 * Google Cloud's VPC flow logs (cloud.google.com/vpc/docs/about-flow-logs-records): log entries, one a line or in an array. A row for each: one direction,
 * as one end reported it, so a flow between two logged ends is in the log twice. Google samples packets at a rate it does not tell and scales the counters
 * up, therefore samplingInterval is 0: not known.
 */
export function createGcpDecoder(sensor: string): LineDecoder {
  const record = new LogRecord();
  record.samplingInterval = 0;
  const writer = new LogRowWriter(sensor, 'gcpflow');
  const readEntry = createEntryReader();

  return {
    decode(lines, into, events, faults) {
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        const entry = parseJsonLine(lines.bytes, lines.starts[i]!, lines.ends[i]!);
        const read = entry === undefined ? Read.malformed : readEntry(entry, record);
        if (read === Read.record) {
          writer.write(record, lines.numbers[i]!);
          events.record(record.endMs);
        } else if (read === Read.other) {
          events.other();
        } else {
          faults.add('line-malformed');
          events.malformed(1);
        }
      }
      writer.end();
    },
  };
}
