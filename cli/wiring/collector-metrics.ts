import type { CollectorStatus } from '../../collector/collector-status.js';
import type { Metrics } from '../../flow/service/metrics.js';
import { createExporterMetrics } from './exporter-metrics.js';

/** Writes the metrics of a collector from what it says of itself. */
export function createCollectorMetrics(metrics: Metrics): (status: CollectorStatus) => void {
  const exporters = createExporterMetrics(metrics);
  return (status) => {
    const { names, quarantine } = status;
    metrics.total('collector_datagrams', 'export messages read', status.datagrams);
    metrics.total('collector_records', 'flow records decoded', status.records);
    metrics.total('collector_produced_records', 'flow records handed to the bus', status.produced);
    metrics.total('collector_unwatched_records', 'flow records of no watched asset', status.unwatched);
    metrics.total('collector_duplicate_datagrams', 'export messages seen before', status.duplicates);
    metrics.total('collector_overrun_datagrams', 'datagrams dropped because the bus was full', status.overrun);
    metrics.total('collector_kernel_drops', 'datagrams the kernel dropped', status.kernelDrops);
    metrics.total('collector_refused_datagrams', 'datagrams of exporters that are not allowed or sent too many', status.refused);
    metrics.total('collector_quarantined_datagrams', 'messages that could not be read and were kept', quarantine?.kept ?? 0);
    metrics.total('collector_quarantine_refused_datagrams', 'messages that could not be read nor be kept', quarantine?.refused ?? 0);
    metrics.total('collector_dns_answers', 'DNS answers seen in traffic and logs', names.answers);
    metrics.total('collector_dns_answers_refused', 'of them, those whose name is no domain name', names.refused);
    metrics.total('collector_dns_names_evicted', 'names forgotten for want of room', names.evicted);
    metrics.total('collector_named_records', 'flow records that were given a DNS name', names.named);
    metrics.gauge('collector_dns_names', 'names kept, one for each client and address', names.entries);
    metrics.table(
      'collector_faults',
      'counter',
      'what was wrong in the input, by kind',
      Object.entries(status.faults).map(([code, value]) => ({ labels: { code }, value })),
    );
    metrics.gauge('collector_exporters', 'exporters, domains and protocols followed', status.exporters.length + status.exportersLeftOut);
    exporters(status.exporters);
  };
}
