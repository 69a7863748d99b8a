import type { Origin } from '../../collector/contracts.js';
import { createExportDecoder } from '../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../collector/decoders/report.js';
import { createLedger } from '../../collector/sequence/ledger.js';
import { DUPLICATE } from '../../collector/sequence/stream.js';
import { parseAddress } from '../../flow/address.js';
import { FlowBatch } from '../../flow/batch.js';
import { FrameEncoder } from '../../flow/frame.js';
import { FaultCounts } from '../collector/inputs/fault-counts.js';
import { checkBooks } from './books.js';
import { checkRows } from './rows.js';
import { behaviourOf, type FuzzTarget, mustBe } from './target.js';

/** After this many inputs a decoder that never was made anew must still read another exporter's messages as it did at first. */
const WITNESS_EVERY = 64;

/** Exporters that the long-lived decoder believes the inputs to come from: their templates stay apart, and are bounded together. */
const EXPORTERS = 200;

function origin(address: string): Origin {
  return { sensor: 'fuzz', exporter: parseAddress(address), exporterPort: 2055, transport: 'udp', receivedMs: Number.NaN };
}

/**
 * Messages of one export format, through the decoder of all formats and the ledger, as the collector does. `octetsPerRow` is the fewest octets that
 * stand behind a row.
 */
export function exportTarget(name: string, seeds: readonly (readonly Uint8Array[])[], octetsPerRow: number): FuzzTarget {
  const longLived = createExportDecoder();
  const ledger = createLedger();
  const strangers = Array.from({ length: EXPORTERS }, (_, index) => origin(`198.51.100.${index}`));
  const witness = origin('203.0.113.1');
  const batch = new FlowBatch(4096);
  const report = createMessageReport();
  const encoder = new FrameEncoder(batch.table);
  let runs = 0;

  const read = (decoder: ReturnType<typeof createExportDecoder>, input: readonly Uint8Array[], from: Origin): readonly Uint8Array[] => {
    batch.clear();
    const faults = new FaultCounts();
    for (const payload of input) decoder.decode(payload, from, batch, report, faults);
    return encoder.encode(batch).map(({ value }) => value);
  };
  const expected = seeds.map((seed) => read(createExportDecoder(), seed, witness).map((bytes) => Buffer.from(bytes)));

  return {
    name,
    kind: 'bytes',
    seeds,
    run(input) {
      const fresh = createExportDecoder();
      const books = createLedger();
      const faults = new FaultCounts();
      const totals = { rows: 0, octets: 0, undecodable: 0, options: 0, templates: 0, released: 0, lost: 0 };
      batch.clear();
      for (const payload of input) {
        const before = batch.length;
        const rows = fresh.decode(payload, witness, batch, report, faults);
        mustBe(batch.length === before + rows, 'rows returned are rows written');
        mustBe(rows === report.recordsDecoded + report.recordsReleased, 'the report counts the rows');
        totals.rows += rows;
        totals.octets += payload.length;
        totals.undecodable += report.recordsUndecodable;
        totals.options += report.optionsRecords;
        totals.templates += report.templatesReceived;
        totals.released += report.recordsReleased;
        mustBe(totals.rows * octetsPerRow <= totals.octets, `${totals.rows} rows out of ${totals.octets} octets`);
        mustBe(totals.options + totals.templates <= totals.octets, 'options and templates are bounded by octets');
        checkRows(batch, before);
        const state = books.message(report, witness);
        if (state === DUPLICATE) batch.truncate(before);
        else books.rows(batch, before, batch.length, 'exported');
      }
      checkBooks(books);

      const stranger = strangers[runs % EXPORTERS]!;
      batch.clear();
      for (const payload of input) {
        longLived.decode(payload, stranger, batch, report, faults);
        ledger.message(report, stranger);
        batch.clear();
      }
      if (++runs % WITNESS_EVERY === 0) {
        const at = (runs / WITNESS_EVERY) % seeds.length;
        const again = read(longLived, seeds[at]!, witness);
        mustBe(
          again.length === expected[at]!.length && again.every((bytes, index) => expected[at]![index]!.equals(bytes)),
          'what strangers send changes nothing for another exporter',
        );
        checkBooks(ledger);
      }
      return behaviourOf(faults.counts, Object.values(totals));
    },
  };
}
