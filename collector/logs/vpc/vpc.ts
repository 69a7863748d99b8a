import type { LineDecoder } from '../../contracts.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { VpcHeader } from './header.js';
import { createVpcLineReader, Read } from './line.js';

/**
 * AWS VPC flow logs: text lines of fields between spaces, in the default format (version 2) or in the order that the header line names (docs.aws.amazon.com/vpc,
 * "Flow log records"). A row for each line with `log-status` OK: one direction, as one network interface saw it, so a flow between two logged interfaces is
 * in the log twice. NODATA is time observed without traffic; SKIPDATA is loss whose size AWS does not tell, a line for at least one record.
 */
export function createVpcDecoder(sensor: string): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'vpcflow');
  const header = new VpcHeader();
  const readLine = createVpcLineReader(header);

  return {
    decode(lines, into, events, faults) {
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        const start = lines.starts[i]!;
        const end = lines.ends[i]!;
        if (header.read(lines.bytes, start, end)) {
          events.other();
          continue;
        }
        const last = lines.unterminated && i === lines.length - 1;
        switch (readLine(lines.bytes, start, end, last, record)) {
          case Read.record:
            writer.write(record, lines.numbers[i]!);
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
      writer.end();
    },
  };
}
