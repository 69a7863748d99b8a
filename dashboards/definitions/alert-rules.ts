import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../flow/time.js';

/** What Grafana makes of an answer without rows, and of one that is an error. 'Error' and 'NoData' raise alerts of their own (DatasourceError, DatasourceNoData). */
export interface BrokenAnswers {
  readonly noDataState: 'Alerting' | 'NoData';
  readonly execErrState: 'Alerting' | 'Error';
}

export interface AlertRule {
  /** Name of its query in dashboards/queries/alerts; `cordon-<name>` is its uid. */
  readonly name: string;
  readonly title: string;
  readonly severity: 'critical' | 'high';
  /** How far back the query reads. */
  readonly rangeMs: number;
  /** Fires for each row whose number is greater. */
  readonly above: number;
  /** How long that must hold. */
  readonly forMs: number;
  /** How often it is looked at: rules of one interval make a group. */
  readonly everyMs: number;
  readonly broken: BrokenAnswers;
  /** The panel that shows the same, `cordon-<dashboard>`; `variables` are set from the row's labels. */
  readonly dashboard: string;
  readonly panel: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly from: string;
  /** Templates of Grafana's alerting (Go): what happened, and what to do. */
  readonly summary: string;
  readonly runbook: string;
}

/**
 * A database that does not answer must not read as peace, and is no broken claim either: the rules about the pipeline itself fire, the others
 * raise Grafana's own alert that their data source failed.
 */
const PIPELINE: BrokenAnswers = { noDataState: 'Alerting', execErrState: 'Alerting' };
const CONTENT: BrokenAnswers = { noDataState: 'NoData', execErrState: 'Error' };

const VALUE = '{{ $values.A.Value }}';
const DURATION = '{{ humanizeDuration $values.A.Value }}';

/** When a rule about content fires: the query answers with what there is, and one is enough. */
const AS_SOON_AS_THERE_IS_ONE = { above: 0, forMs: 0, everyMs: MINUTE_MS, broken: CONTENT } as const;
/** Where a rule about a claim leads: its verdicts over two days. */
const ON_THE_CLAIM = { dashboard: 'claims', panel: 2, variables: { fleet: 'fleet', claim: 'claim' }, from: 'now-48h' } as const;

/** The alert rules. Every query answers with at least one row, strings as labels and one number. */
export const ALERT_RULES: readonly AlertRule[] = [
  {
    name: 'open-critical-finding',
    title: 'Critical finding waits for a decision',
    severity: 'critical',
    rangeMs: 30 * DAY_MS,
    ...AS_SOON_AS_THERE_IS_ONE,
    dashboard: 'triage',
    panel: 1,
    variables: { fleet: 'fleet', asset: 'asset' },
    from: 'now-30d',
    summary: `${VALUE} open critical findings on {{ $labels.asset }} of {{ $labels.fleet }}: {{ $labels.cause }}`,
    runbook:
      'Open the queue, read why it was found and its evidence rows, and decide: acknowledge it, close it as expected or noise, or make it an incident. The alert ends when every critical finding of the last 30 days has a decision.',
  },
  {
    name: 'claim-violated',
    title: 'Claim violated',
    severity: 'critical',
    rangeMs: DAY_MS,
    ...AS_SOON_AS_THERE_IS_ONE,
    ...ON_THE_CLAIM,
    summary: 'Claim {{ $labels.claim }} of {{ $labels.fleet }} ({{ $labels.severity }}) was violated',
    runbook:
      'Open the claim: what broke it stands there with its findings. Ask the vendor, or declare an exception in the claim file if it was agreed. The alert ends a day after the end of the last period that was violated.',
  },
  {
    name: 'drill-missed',
    title: 'Drill missed',
    severity: 'high',
    rangeMs: DAY_MS,
    ...AS_SOON_AS_THERE_IS_ONE,
    ...ON_THE_CLAIM,
    summary: `No drill of {{ $labels.fleet }} was seen for ${DURATION}: nothing shows that a violation of {{ $labels.claim }} would have been seen`,
    runbook:
      "Look whether the drill was sent (its timer, its machine), whether the sensor saw the packet, and whether the claim file's drill has the same key and peer. Until a drill is seen, verdicts of the claim are NOT_PROVEN.",
  },
  {
    name: 'telemetry-blind',
    title: 'Telemetry blind',
    severity: 'critical',
    rangeMs: 7 * DAY_MS,
    above: 600,
    forMs: MINUTE_MS,
    everyMs: MINUTE_MS,
    broken: PIPELINE,
    dashboard: 'telemetry',
    panel: 4,
    variables: { sensor: 'sensor' },
    from: 'now-24h',
    summary: `Sensor {{ $labels.sensor }} has been silent for ${DURATION}`,
    runbook:
      'Run `cordon doctor`: it says whether the exporter is silent, the port is not reached, or its messages cannot be read. What happens meanwhile is not seen, and claims that rest on the sensor are NOT_PROVEN. Without any value the database does not answer. A sensor that was taken away is forgotten after seven days.',
  },
  {
    name: 'pipeline-lag',
    title: 'Pipeline lags',
    severity: 'high',
    rangeMs: 2 * HOUR_MS,
    above: 900,
    forMs: 5 * MINUTE_MS,
    everyMs: 5 * MINUTE_MS,
    broken: PIPELINE,
    dashboard: 'telemetry',
    panel: 5,
    variables: {},
    from: 'now-6h',
    summary: `Stage {{ $labels.stage }} is ${DURATION} behind`,
    runbook:
      'Run `cordon doctor`. Stage exporter: the one that is named holds its flows back (its active timeout, its clock, its load). Stage ledger: nothing new is stored at all (collector, Kafka or `cordon store`). Stage rows: the ledger comes and flow records do not (`cordon store`, the disk). Stage verdicts: records are stored and not judged (`cordon detect`). Without any value the database does not answer.',
  },
];
