import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INTERFACE_NUMBERS, type MessageReport } from '../../../collector/contracts.js';
import { createExportDecoder } from '../../../collector/decoders/decoders-table.js';
import { createMessageReport } from '../../../collector/decoders/report.js';
import { createExportCapture } from '../../../collector/inputs/export-capture.js';
import { createDomainOrigins } from '../../../collector/origins.js';
import { formatAddress } from '../../../flow/address.js';
import { FlowBatch } from '../../../flow/batch.js';
import { FaultCounts } from '../inputs/fault-counts.js';
import { corporaFolder } from './corpora.js';

const corpora = corporaFolder();
const folder = join(corpora ?? '', 'flows/tcpdump-sflow/tests');

interface Seen {
  readonly report: MessageReport;
  readonly agent: string;
}

async function decodeFile(name: string): Promise<{ seen: Seen[]; batch: FlowBatch; faults: FaultCounts }> {
  const decoder = createExportDecoder();
  const faults = new FaultCounts();
  const batch = new FlowBatch();
  const seen: Seen[] = [];
  const originOf = createDomainOrigins((exporter) => formatAddress(exporter));
  await createExportCapture({ path: join(folder, `${name}.pcap`), sensorOf: () => '', ports: [6343] }, faults).start((payload, sender) => {
    const report = createMessageReport();
    const origin = originOf(payload, sender);
    decoder.decode(payload, origin, batch, report, faults);
    seen.push({ report, agent: origin.sensor });
  });
  return { seen, batch, faults };
}

/** What tcpdump printed of each datagram: agent, sub-agent, sequence, uptime, and how many samples of which kind. */
function printed(name: string): (readonly [string, number, number, number, number, number])[] {
  const text = readFileSync(join(folder, `${name}.out`), 'utf8');
  return text
    .split('sFlowv5, ')
    .slice(1)
    .map((datagram) => {
      const [, agent, domain, sequence, uptime] = /^IPv[46] agent (\S+), agent-id (\d+), seqnum (\d+), uptime (\d+)/.exec(datagram)!;
      const counters = datagram.match(/^\t(expanded )?counter sample /gm)?.length ?? 0;
      const flows = datagram.match(/^\t(expanded )?flow sample /gm)?.length ?? 0;
      return [agent!, Number(domain), Number(sequence), Number(uptime), counters, flows];
    });
}

function read({ report, agent }: Seen): readonly [string, number, number, number, number, number] {
  const flows = report.samples.length;
  const counters = report.optionsRecords;
  return [agent, report.observationDomainId, report.sequenceNumber, report.systemUptimeMs, counters, flows];
}

/** The generic interface counters that tcpdump printed: index, octets in, octets out, discards and errors in. */
function printedCounters(name: string): number[][] {
  const text = readFileSync(join(folder, `${name}.out`), 'utf8');
  const pattern = /ifindex (\d+),.*?In octets (\d+),[^\n]*discards (\d+).*?In errors (\d+),.*?Out octets (\d+),/gs;
  return [...text.matchAll(pattern)].map(([, index, inOctets, discards, errors, outOctets]) => [
    Number(index),
    Number(inOctets),
    Number(outOctets),
    Number(discards) + Number(errors),
  ]);
}

describe.skipIf(corpora === undefined)("tcpdump's sFlow captures (skipped where the corpora are absent, see CORDON_CORPORA)", () => {
  it.each(['sflow-print-v6', 'sflow_multiple_counter_30_pdus'])('%s: every datagram as tcpdump prints it', async (name) => {
    const { seen, batch, faults } = await decodeFile(name);
    const ours = seen.filter(({ report }) => report.protocol === 'sflow5').map(read);
    expect(ours).toEqual(printed(name));
    expect(ours.length).toBeGreaterThan(10);
    const flows = ours.reduce((sum, [, , , , , samples]) => sum + samples, 0);
    const decoded = seen.reduce((sum, { report }) => sum + (report.protocol === 'sflow5' ? report.recordsDecoded : 0), 0);
    expect(decoded).toBe(flows);
    // What tcpdump calls "sFlow version 327681 packet not supported" is NetFlow v5 that somebody sent to the port of sFlow: version 5, count 1.
    const netflow = [...readFileSync(join(folder, `${name}.out`), 'utf8').matchAll(/sFlow version (\d+) packet not supported/g)].map(
      ([, version]) => Number(version) & 0xffff,
    );
    expect(seen.filter(({ report }) => report.protocol !== 'sflow5').map(({ report }) => report.recordsAnnounced)).toEqual(netflow);
    expect(batch.length).toBe(flows + netflow.reduce((sum, count) => sum + count, 0));
    expect(faults.counts).toEqual({});
  });

  it.each(['sflow-print-v6', 'sflow_multiple_counter_30_pdus'])('%s: interface counters as tcpdump prints them', async (name) => {
    const { seen } = await decodeFile(name);
    const ours = seen.flatMap(({ report: { interfaces } }) =>
      Array.from({ length: interfaces.length }, (_, i) => [
        ...interfaces.numbers.subarray(i * INTERFACE_NUMBERS, (i + 1) * INTERFACE_NUMBERS),
      ]),
    );
    expect(ours.length).toBeGreaterThan(10);
    expect(ours).toEqual(printedCounters(name));
  });

  it('sflow_expanded: an expanded flow sample with raw header, gateway and router records', async () => {
    const { seen, batch, faults } = await decodeFile('sflow_expanded');
    expect(seen.map(read)).toEqual(printed('sflow_expanded'));
    // …, seqnum 2170480284, type 0, idx 11001, rate 1000, pool 1521799520, drops 0
    expect([...seen[0]!.report.samples.words.subarray(0, 6)]).toEqual([0, 11_001, 2_170_480_284, 1000, 1_521_799_520, 0]);
    expect([batch.length, faults.counts]).toEqual([1, {}]);
    // …, input 29001 (0), output 1285816721 (0)
    expect([batch.columns.ingressInterface[0], batch.columns.egressInterface[0]]).toEqual([29_001, 1_285_816_721]);
  });

  it('sflow_print-segv: eight octets are no datagram, and nothing is read beyond them', async () => {
    const { seen, batch, faults } = await decodeFile('sflow_print-segv');
    expect(batch.length).toBe(0);
    expect(seen.map(({ report }) => [report.protocol, report.malformed])).toEqual([['sflow5', true]]);
    expect(faults.counts).toEqual({ 'message-truncated': 1 });
  });
});
