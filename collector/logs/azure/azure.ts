import type { Faults, LineDecoder, LogEvents } from '../../contracts.js';
import { LogRecord, LogRowWriter } from '../log-row.js';
import { TupleDocument } from './document.js';
import { createTupleReader } from './tuple.js';

/**
 * Azure's flow logs of network security groups (versions 1 and 2) and of virtual networks (version 4): JSON documents of any length, one record a line, or
 * anything between (event hubs). A row for each flow tuple. Both interfaces of a flow inside one network log it, each in its direction.
 *
 * A tuple's time is that of its event: rows have no duration. A `B` tells that a flow began, without counters; a `C`, each five minutes, and an `E` have
 * what was counted since the tuple before.
 */
export function createAzureDecoder(sensor: string): LineDecoder {
  const record = new LogRecord();
  const writer = new LogRowWriter(sensor, 'azureflow');
  const readTuple = createTupleReader();
  const lineEnd = Uint8Array.of(0x0a);
  let tuples = 0;
  let told = 0;
  let events: LogEvents;
  let faults: Faults;

  const malformed = (): void => {
    told++;
    faults.add('line-malformed');
    events.malformed(1);
  };
  const document = new TupleDocument({
    tuple(bytes, from, to, mac) {
      tuples++;
      if (!readTuple(bytes, from, to, mac, record)) {
        malformed();
        return;
      }
      told++;
      writer.write(record, tuples);
      events.record(record.endMs);
    },
    broken: malformed,
    ended() {
      if (told === 0) events.other();
      told = 0;
    },
  });

  return {
    decode(lines, into, toEvents, toFaults) {
      events = toEvents;
      faults = toFaults;
      if (lines.tooLong > 0) events.malformed(lines.tooLong);
      writer.begin(into);
      for (let i = 0; i < lines.length; i++) {
        document.read(lines.bytes, lines.starts[i]!, lines.ends[i]!);
        if (lines.unterminated && i === lines.length - 1) continue;
        document.read(lineEnd, 0, 1);
      }
      writer.end();
    },
    end(toEvents, toFaults) {
      if (document.depth === 0 && !document.inString) return;
      toFaults.add('line-malformed');
      toEvents.malformed(1);
      document.reset();
    },
  };
}
