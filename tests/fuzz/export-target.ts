import type { Origin } from '../../collector/contracts.js';
import { createExportDecoder } from '../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../collector/decoders/report.js';
import { createLedger } from '../../collector/sequence/ledger.js';
import { DUPLICATE } from '../../collector/sequence/stream.js';
import { FlowBatch } from '../../flow/batch.js';
import { FrameEncoder } from '../../flow/frame.js';
import { FaultCounts } from '../collector/inputs/fault-counts.js';
import { checkBooks } from './books.js';
import { checkRows } from './rows.js';
import { behaviourOf, type FuzzTarget, mustBe } from './target.js';

/** After this many inputs the decoder must still read the messages of other exporters as it did at first. */
const WITNESS_EVERY = 64;

function origin(index: number, network: readonly [number, number]): Origin {
  const exporter = new Uint8Array(16);
  exporter.set([0xff, 0xff, ...network, (index >>> 8) & 0xff, index & 0xff], 10);
  return { sensor: 'fuzz', exporter, exporterPort: 2055, transport: 'udp', receivedMs: Number.NaN };
}

/**
 * Messages of one export format, through the decoder of all formats and the ledger, as the collector does. Each input comes from an exporter of its own, so
 * that it is read from nothing, by a decoder that has read all inputs before it. `octetsPerRow` is the fewest octets that stand behind a row.
 */
export function exportTarget(name: string, seeds: readonly (readonly Uint8Array[])[], octetsPerRow: number): FuzzTarget {
  const decoder = createExportDecoder();
  // Few streams: the ledger is drained after each input, and forgetting exporters is a path of its own.
  const ledger = createLedger({ limits: { maxStreams: 16, maxAccounts: 64 } });
  const witnesses = seeds.map((_, index) => origin(index, [203, 0]));
  const batch = new FlowBatch(4096);
  const report = createMessageReport();
  const encoder = new FrameEncoder(batch.table);
  let runs = 0;

  /** Rows of a seed when its exporter sends it again: what its first messages told (templates, sampling) holds by then. */
  const witness = (from: ReturnType<typeof createExportDecoder>, index: number): Buffer => {
    batch.clear();
    for (const payload of seeds[index]!) from.decode(payload, witnesses[index]!, batch, report, new FaultCounts());
    batch.clear();
    for (const payload of seeds[index]!) from.decode(payload, witnesses[index]!, batch, report, new FaultCounts());
    return Buffer.concat(encoder.encode(batch).map(({ value }) => value));
  };
  const expected = seeds.map((_, index) => witness(createExportDecoder(), index));

  return {
    name,
    kind: 'bytes',
    seeds,
    run(input) {
      const exporter = origin(runs++, [198, 51]);
      const faults = new FaultCounts();
      const totals = { rows: 0, octets: 0, undecodable: 0, options: 0, templates: 0, released: 0 };
      batch.clear();
      for (const payload of input) {
        const before = batch.length;
        const rows = decoder.decode(payload, exporter, batch, report, faults);
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
        const state = ledger.message(report, exporter);
        if (state === DUPLICATE) batch.truncate(before);
        else ledger.rows(batch, before, batch.length, 'exported');
      }
      checkBooks(ledger);
      if (runs % WITNESS_EVERY === 0) {
        const at = (runs / WITNESS_EVERY) % seeds.length;
        mustBe(witness(decoder, at).equals(expected[at]!), `what strangers send changes nothing for the exporter of seed ${at}`);
      }
      return behaviourOf(faults.counts, Object.values(totals));
    },
  };
}
