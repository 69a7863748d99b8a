import type { ExporterLine } from '../../collector/collector-status.js';
import type { Metrics, Series } from '../../flow/service/metrics.js';

/** Exporters with metrics of their own; further ones share one line, so that forged senders cannot fill the time series database. */
export const MAX_LABELLED_EXPORTERS = 200;
const OTHER = '(other)';

interface ExporterMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** null: not known, no line. */
  readonly value: (line: ExporterLine) => number | null;
  /** How the lines of exporters without labels of their own become one; a gauge that cannot has none. */
  readonly others?: 'sum' | 'max';
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
const counter = (name: string, help: string, value: ExporterMetric['value']): ExporterMetric => ({
  name,
  kind: 'counter',
  help,
  value,
  others: 'sum',
});
const gauge = (name: string, help: string, value: ExporterMetric['value'], others?: 'sum' | 'max'): ExporterMetric => ({
  name,
  kind: 'gauge',
  help,
  value,
  ...(others === undefined ? {} : { others }),
});

/** What is told of each exporter, observation domain and protocol. Counters begin with the process. */
export const EXPORTER_METRICS: readonly ExporterMetric[] = [
  gauge('exporter_last_seen_timestamp_seconds', 'arrival of its last message', ({ lastSeenMs }) => seconds(lastSeenMs), 'max'),
  gauge('exporter_usual_pause_seconds', 'pause between its messages that is usual', ({ usualPauseMs }) => seconds(usualPauseMs)),
  gauge('exporter_messages_per_second', 'messages a second, lately', ({ messagesPerSecond }) => messagesPerSecond, 'sum'),
  counter('exporter_messages', 'messages that arrived once', ({ messages }) => messages),
  counter('exporter_records', 'data records that arrived once', ({ records }) => records),
  counter('exporter_lost_messages', 'messages its sequence numbers miss', ({ lostMessages }) => lostMessages),
  counter('exporter_lost_records', 'data records its sequence numbers miss (NetFlow v9: estimated)', ({ lostRecords }) => lostRecords),
  counter('exporter_duplicate_messages', 'messages seen before', ({ duplicates }) => duplicates),
  counter('exporter_malformed_messages', 'messages that could not be read to their end', ({ malformed }) => malformed),
  counter('exporter_undecodable_records', 'data records without a template, or that carry no flow', ({ undecodable }) => undecodable),
  gauge('exporter_held_records', 'data records that wait for their template', ({ held }) => held, 'sum'),
  gauge('exporter_templates', 'templates known, options templates too', ({ templates }) => templates, 'sum'),
  gauge(
    'exporter_restored_templates',
    'templates from before our restart that were not sent again since',
    ({ templatesRestored }) => templatesRestored,
    'sum',
  ),
  counter(
    'exporter_restored_template_records',
    'data records decoded by templates from before our restart, before they were confirmed',
    ({ recordsByRestored }) => recordsByRestored,
  ),
  counter('exporter_missing_templates', 'data sets that came before their template', ({ templatesMissing }) => templatesMissing),
  counter('exporter_changed_templates', 'templates redefined in flight: a security event', ({ templatesChanged }) => templatesChanged),
  gauge('exporter_sampling_interval', 'packets that one sampled packet stands for, 0 not told', ({ samplingInterval }) => samplingInterval),
  gauge('exporter_clock_offset_seconds', 'its clock is behind ours by this', ({ clockOffsetMs }) => seconds(clockOffsetMs)),
  counter('exporter_restarts', 'restarts recognised', ({ restarts }) => restarts),
  counter('exporter_not_exported_records', 'records it says that it did not send', ({ recordsNotExported }) => recordsNotExported),
  counter('exporter_missed_packets', 'packets it says that it did not look at', ({ packetsMissed }) => packetsMissed),
];

/**
 * Writes the metrics of exporters. The first MAX_LABELLED_EXPORTERS have lines of their own as long as they are followed; the others are summed up under
 * '(other)', whose counters can fall when one of them leaves it.
 */
export function createExporterMetrics(metrics: Metrics, most = MAX_LABELLED_EXPORTERS): (exporters: readonly ExporterLine[]) => void {
  let labelled = new Set<string>();
  return (exporters) => {
    const present = new Map(exporters.map((line) => [keyOf(line), line]));
    labelled = new Set([...labelled].filter((key) => present.has(key)));
    for (const key of present.keys()) if (labelled.size < most) labelled.add(key);
    const own = [...labelled].map((key) => present.get(key)!);
    const others = exporters.filter((line) => !labelled.has(keyOf(line)));
    for (const metric of EXPORTER_METRICS) metrics.table(metric.name, metric.kind, metric.help, seriesOf(metric, own, others));
  };
}

function seriesOf(metric: ExporterMetric, own: readonly ExporterLine[], others: readonly ExporterLine[]): Series[] {
  const series: Series[] = [];
  for (const line of own) {
    const value = metric.value(line);
    const { sensor, exporter, domain, protocol } = line;
    if (value !== null) series.push({ labels: { sensor, exporter, domain: String(domain), protocol }, value });
  }
  const rest = others.map(metric.value).filter((value) => value !== null);
  if (metric.others !== undefined && rest.length > 0) {
    const value = metric.others === 'sum' ? rest.reduce((sum, one) => sum + one, 0) : Math.max(...rest);
    series.push({ labels: { sensor: OTHER, exporter: OTHER, domain: OTHER, protocol: OTHER }, value });
  }
  return series;
}

function keyOf({ sensor, exporter, domain, protocol }: ExporterLine): string {
  return `${sensor} ${exporter} ${domain} ${protocol}`;
}
