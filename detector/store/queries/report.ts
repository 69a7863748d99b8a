import { formatAddress, parseAddress } from '../../../flow/address.js';
import { FINDING_COLUMNS, type Finding } from '../../findings/finding.js';
import type { JudgementKind } from '../../findings/judgement.js';
import type { Store } from '../store-types.js';
import { toFinding } from './findings.js';
import { allOf, decodeRow, given, selectList } from './rows.js';

/** What a report asks about: [fromMs, toMs), and of which fleet and claim; left out: all. */
export interface ReportScope {
  readonly fromMs: number;
  readonly toMs: number;
  readonly fleet?: string;
  readonly claim?: string;
}

type Row = Readonly<Record<string, string | number | null>>;

/** First and last instant that the store tells of, ms since the epoch; undefined where it holds nothing. `last` counts decisions and verdicts too. */
export async function storedSpan(store: Store): Promise<{ fromMs: number; toMs: number; lastMs: number } | undefined> {
  const { rows } = await store.query<Row>(
    `SELECT count() AS n, min(s.a) AS a, max(s.b) AS b, max(s.c) AS c FROM (
       SELECT toUnixTimestamp64Milli(min(m.minute)) AS a, toUnixTimestamp64Milli(max(m.minute)) + 60000 AS b, toUnixTimestamp64Milli(max(m.lastMessageMilliseconds)) AS c
       FROM coverage AS m HAVING count() > 0
       UNION ALL SELECT toUnixTimestamp64Milli(min(v.periodFrom)), toUnixTimestamp64Milli(max(v.periodTo)), toInt64(max(v.revision)) FROM verdicts AS v WHERE position(v.reasons, 'outside-effective-period') = 0 HAVING count() > 0
       UNION ALL SELECT toInt64(toUnixTimestamp(min(p.bucket))) * 1000, toInt64(toUnixTimestamp(max(p.bucket))) * 1000 + 60000, toInt64(0) FROM asset_peer_1m AS p HAVING count() > 0
     ) AS s`,
  );
  const row = rows[0];
  if (row === undefined || Number(row.n) === 0) return undefined;
  const decided = await store.query<Row>('SELECT count() AS n, toUnixTimestamp64Milli(max(d.at)) AS at FROM decisions AS d');
  const decidedMs = Number(decided.rows[0]?.n ?? 0) === 0 ? 0 : Number(decided.rows[0]!.at);
  return { fromMs: Number(row.a), toMs: Number(row.b), lastMs: Math.max(Number(row.c), decidedMs) };
}

export interface FindingCount {
  readonly claim: string;
  readonly fleet: string;
  readonly detection: string;
  readonly severity: string;
  readonly findings: number;
}

/** How many findings there are of every claim, fleet, detection and severity. */
export async function countFindings(store: Store, scope: ReportScope): Promise<FindingCount[]> {
  const { rows } = await store.query<Row>(
    `SELECT f.claim AS claim, f.fleet AS fleet, f.detection AS detection, toString(f.severity) AS severity, count() AS findings
     FROM findings_current AS f WHERE ${ofScope(scope)} GROUP BY claim, fleet, detection, severity ORDER BY claim, fleet, detection, severity`,
    paramsOf(scope),
  );
  return rows.map((row) => ({
    claim: String(row.claim),
    fleet: String(row.fleet),
    detection: String(row.detection),
    severity: String(row.severity),
    findings: Number(row.findings),
  }));
}

/** Assets with findings of learned detections, by detection. */
export async function countAssets(store: Store, scope: ReportScope): Promise<Map<string, number>> {
  const { rows } = await store.query<Row>(
    `SELECT f.detection AS detection, uniqExact(f.asset) AS assets FROM findings_current AS f WHERE ${ofScope(scope)} AND f.claim = '' GROUP BY detection ORDER BY detection`,
    paramsOf(scope),
  );
  return new Map(rows.map((row) => [String(row.detection), Number(row.assets)]));
}

/** The worst findings, then the earliest: `most` of every claim and fleet; of learned detections `most` of each. */
export async function worstFindings(
  store: Store,
  scope: ReportScope,
  learned: boolean,
  most: number,
  mostOfAll: number,
): Promise<Finding[]> {
  const by = learned ? 'f.detection' : 'f.claim, f.fleet';
  const { rows } = await store.query<Record<string, string | number>>(
    `SELECT ${selectList(FINDING_COLUMNS, 'f')} FROM findings_current AS f WHERE ${ofScope(scope)} AND f.claim ${learned ? '=' : '!='} ''
     ORDER BY toInt8(f.severity) DESC, f.firstSeen, f.id LIMIT {most:UInt32} BY ${by} LIMIT {mostOfAll:UInt32}`,
    { ...paramsOf(scope), most, mostOfAll },
  );
  return rows.map((row) => toFinding(decodeRow(FINDING_COLUMNS, row)));
}

export interface JudgementSum {
  readonly fleet: string;
  readonly kind: JudgementKind;
  readonly claim: string;
  readonly about: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly flows: number;
  readonly records: number;
  readonly octets: number;
}

/** What counted neither as held nor as broken: exceptions, doubts and drills, over all units and periods. */
export async function sumJudgements(store: Store, scope: ReportScope): Promise<JudgementSum[]> {
  const { rows } = await store.query<Row>(
    `SELECT j.fleet AS fleet, toString(j.kind) AS kind, j.claim AS claim, j.about AS about, toUnixTimestamp64Milli(min(j.first)) AS firstMs,
       toUnixTimestamp64Milli(max(j.last)) AS lastMs, sum(j.flows) AS flows, sum(j.records) AS records, sum(j.octets) AS octets
     FROM judgements_current AS j
     WHERE j.kind != 'judged' AND j.last >= fromUnixTimestamp64Milli({fromMs:Int64}) AND j.first < fromUnixTimestamp64Milli({toMs:Int64})
     GROUP BY fleet, kind, claim, about ORDER BY fleet, kind, claim, about LIMIT 20000`,
    { fromMs: scope.fromMs, toMs: scope.toMs },
  );
  return rows.map((row) => ({
    fleet: String(row.fleet),
    kind: String(row.kind) as JudgementKind,
    claim: String(row.claim),
    about: String(row.about),
    firstMs: Number(row.firstMs),
    lastMs: Number(row.lastMs),
    flows: Number(row.flows),
    records: Number(row.records),
    octets: Number(row.octets),
  }));
}

/** One row an exporter, by sensor: its sums over the period, as the database gives them. */
export async function exporterRows(store: Store, { fromMs, toMs }: ReportScope): Promise<Row[]> {
  const { rows } = await store.query<Row>(
    `SELECT m.sensor AS sensor, m.exporterIPv6Address AS exporter, m.observationDomainId AS domain, m.exportProtocol AS protocol,
       toUnixTimestamp64Milli(min(m.firstMessageMilliseconds)) AS firstMs, toUnixTimestamp64Milli(max(m.lastMessageMilliseconds)) AS lastMs,
       countIf(m.messagesReceived > 0 OR m.observedMilliseconds > 0) AS minutes, sum(m.messagesSent) AS messagesSent, sum(m.messagesLost) AS messagesLost,
       sum(m.recordsSent) AS recordsSent, sum(m.recordsReceived) AS recordsReceived, sum(m.recordsLost) AS recordsLost, max(m.lossEstimated) AS lossEstimated,
       sum(m.recordsUndecodable) + sum(m.recordsMalformed) AS recordsUnread, sum(m.templatesChanged) AS templatesChanged, sum(m.restarts) AS restarts,
       sum(m.kernelDrops) + sum(m.messagesOverrun) AS dropped, minIf(m.samplingInterval, m.samplingInterval > 0) AS samplingLeast, max(m.samplingInterval) AS samplingMost,
       if(countIf(NOT isNaN(m.clockOffsetMilliseconds)) = 0, NULL, minIf(m.clockOffsetMilliseconds, NOT isNaN(m.clockOffsetMilliseconds))) AS clockLeastMs,
       if(countIf(NOT isNaN(m.clockOffsetMilliseconds)) = 0, NULL, maxIf(m.clockOffsetMilliseconds, NOT isNaN(m.clockOffsetMilliseconds))) AS clockMostMs
     FROM coverage_minutes AS m WHERE ${IN_PERIOD} GROUP BY sensor, exporter, domain, protocol ORDER BY sensor, exporter, domain, protocol LIMIT 10000`,
    { fromMs, toMs },
  );
  return rows.map((row) => ({ ...row, exporter: formatAddress(parseAddress(String(row.exporter))) }));
}

/** Minutes with messages and the share that arrived (the worse of records and messages), by sensor and step from `fromMs` on. */
export async function sensorSteps(store: Store, { fromMs, toMs }: ReportScope, stepMs: number): Promise<Row[]> {
  const { rows } = await store.query<Row>(
    `SELECT m.sensor AS sensor, intDiv(toUnixTimestamp64Milli(m.minute) - {fromMs:Int64}, {stepMs:Int64}) AS step,
       uniqExactIf(m.minute, m.messagesReceived > 0 OR m.observedMilliseconds > 0) AS minutes,
       least(if(sum(m.recordsSent) = 0, 1, 1 - sum(m.recordsLost) / sum(m.recordsSent)), if(sum(m.messagesSent) = 0, 1, 1 - sum(m.messagesLost) / sum(m.messagesSent))) AS received
     FROM coverage_minutes AS m WHERE ${IN_PERIOD} GROUP BY sensor, step ORDER BY sensor, step LIMIT 20000`,
    { fromMs, toMs, stepMs },
  );
  return rows;
}

/** Octets from and to the assets of every fleet by step, times the sampling interval. Steps are whole hours: that is what the rollup keeps. */
export async function volumeSteps(store: Store, { fromMs, toMs, fleet }: ReportScope, stepMs: number): Promise<Row[]> {
  const ofFleet = fleet === undefined ? '' : ' AND p.fleet = {fleet:String}';
  const { rows } = await store.query<Row>(
    `SELECT p.fleet AS fleet, intDiv(greatest(0, toInt64(toUnixTimestamp(p.bucket)) * 1000 - {fromMs:Int64}), {stepMs:Int64}) AS step,
       sum(p.octetsOut * greatest(1, p.samplingInterval)) AS out, sum(p.octetsIn * greatest(1, p.samplingInterval)) AS in, max(p.samplingInterval) > 1 AS sampled
     FROM asset_peer_1h AS p
     WHERE p.bucket >= toStartOfHour(fromUnixTimestamp64Milli({fromMs:Int64}), 'UTC') AND p.bucket < fromUnixTimestamp64Milli({toMs:Int64}) AND p.fleet != ''${ofFleet}
     GROUP BY fleet, step ORDER BY fleet, step LIMIT 20000`,
    given({ fromMs, toMs, stepMs, fleet }),
  );
  return rows;
}

const IN_PERIOD = 'm.minute >= fromUnixTimestamp64Milli({fromMs:Int64}) AND m.minute < fromUnixTimestamp64Milli({toMs:Int64})';

/** Findings that were seen in the period: of the claim where one is asked for, which leaves out what lies beyond claims. */
function ofScope({ fleet, claim }: ReportScope): string {
  return allOf([
    'f.lastSeen >= fromUnixTimestamp64Milli({fromMs:Int64})',
    'f.firstSeen < fromUnixTimestamp64Milli({toMs:Int64})',
    fleet !== undefined && 'f.fleet = {fleet:String}',
    claim !== undefined && 'f.claim = {claim:String}',
  ]);
}

function paramsOf({ fromMs, toMs, fleet, claim }: ReportScope) {
  return given<string | number>({ fromMs, toMs, fleet, claim });
}
