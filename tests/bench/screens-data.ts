import type { Store } from '../../detector/store/store.js';
import { DAY_MS } from '../../flow/time.js';

/** What the store of screens.ts holds. */
export interface ScreensShape {
  /** Flow records in all, over `days`. */
  readonly flows: number;
  readonly days: number;
  readonly assets: number;
  readonly sensors: number;
  readonly claims: number;
  /** Findings, each of them told three times as it grew. */
  readonly findings: number;
  /** End of the last day. */
  readonly toMs: number;
}

/** Peers that each asset talks with day by day; one row in a thousand has a peer that is hardly ever met again. */
const PEERS = 12;
const OUTSIDE_PEERS = 3;
/** Forty that have a place on a map, as ClickHouse reads a list. */
const COUNTRIES =
  "['AE','AR','AT','AU','BE','BR','CA','CH','CL','CN','CZ','DE','DK','EG','ES','FI','FR','GB','GR','HK','HU','ID','IE','IL','IN','IT','JP','KR','MX','NL','NO','PL','PT','RO','SE','SG','TR','UA','US','ZA']";

/**
 * Rows of a busy month, made inside the engine by INSERT … SELECT into the tables that frames are inserted into, so that rollups and views are filled as in life.
 * Flow records go in by the day, in order of time, assets in turn. What is there already is left: filling that was interrupted between two days goes on from there.
 * Throws when the store holds a part of a day, or days of another shape.
 */
export async function fillScreensStore(store: Store, shape: ScreensShape, progress: (sentence: string) => void): Promise<void> {
  const perDay = Math.round(shape.flows / shape.days);
  for (let day = 0; day < shape.days; day++) {
    const startMs = shape.toMs - (shape.days - day) * DAY_MS;
    const there = await rowsOf(
      store,
      `flows WHERE flowStartMilliseconds >= ${time(`${startMs}`)} AND flowStartMilliseconds < ${time(`${startMs + DAY_MS}`)}`,
    );
    if (there >= perDay) continue;
    if (there !== 0)
      throw new Error(
        `day ${day + 1} of the store has ${there} flow records and should have ${perDay}: remove the folder and fill it anew`,
      );
    const before = process.cpuUsage();
    const started = performance.now();
    await store.command(flowsOfDay(shape, day, perDay));
    const { user, system } = process.cpuUsage(before);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    progress(
      `day ${day + 1} of ${shape.days}: ${perDay} flow records in ${seconds} s, ${((user + system) / 1e6).toFixed(1)} s of processor time`,
    );
  }
  const others = {
    coverage: coverage(shape),
    findings: findings(shape),
    verdicts: verdicts(shape),
    judgements: judgements(shape),
    decisions: decisions(shape),
    claim_windows: windows(shape),
    peer_places: places(shape),
  };
  for (const [table, statement] of Object.entries(others)) if ((await rowsOf(store, table)) === 0) await store.command(statement);
}

async function rowsOf(store: Store, source: string): Promise<number> {
  const { rows } = await store.query<{ stored: string }>(`SELECT count() AS stored FROM ${source}`);
  return Number(rows[0]!.stored);
}

/** `number` to a value that looks drawn by lot; each salt draws anew. */
const lot = (salt: number, sides: number): string => `cityHash64(number, ${salt}) % ${sides}`;
const time = (ms: string): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
const asset = (of: string): string => `concat('asset-', leftPad(toString(${of}), 4, '0'))`;
const fleet = (of: string): string => `concat('fleet-', toString(${of} % 20))`;

function flowsOfDay({ assets, sensors, days, toMs }: ScreensShape, day: number, rows: number): string {
  const startMs = toMs - (days - day) * DAY_MS;
  // No day is like another.
  const ofDay = (salt: number, sides: number): string => lot(salt + 100 * day, sides);
  return `INSERT INTO flows (flowStartMilliseconds, flowEndMilliseconds, sourceIPv6Address, destinationIPv6Address, sourceTransportPort,
    destinationTransportPort, protocolIdentifier, octetDeltaCount, packetDeltaCount, reverseOctetDeltaCount, reversePacketDeltaCount, biflow,
    samplingInterval, initiator, initiatorConfidence, completion, exportProtocol, sensor, exporterIPv6Address, exportTimeMilliseconds, exportSequenceNumber,
    recordNumber, sequenceState, asset, fleet, assetSide)
  SELECT ${time('startMs')} AS flowStartMilliseconds, ${time('startMs + 1000 + size % 20000')} AS flowEndMilliseconds,
    toIPv6(concat('::ffff:10.', toString(64 + intDiv(owner, 65536)), '.', toString(intDiv(owner, 256) % 256), '.', toString(owner % 256))),
    multiIf(
      pick < 960, toIPv6(concat('::ffff:10.200.', toString(owner % 200), '.', toString(peer + 1))),
      pick < 999, toIPv6(concat('::ffff:203.0.113.', toString((owner % 20) * 10 + peer % ${OUTSIDE_PEERS} + 1))),
      toIPv6(concat('2001:db8::', lower(hex(toUInt16(${ofDay(5, 60_000)})))))) AS peerAddress,
    toUInt16(30000 + ${ofDay(6, 30_000)}), [443, 22, 53, 123, 5432, 104, 8443, 514, 161, 389, 1521, 9092][peer + 1],
    if(peer IN (2, 3, 7, 8), 17, 6), toUInt64(200 + size), toUInt64(1 + intDiv(size, 900)), toUInt64(100 + size % 9000), toUInt64(1 + size % 9), 1,
    1, 'source', 100, if(pick < 995, 'transferred', 'attempt'), 'ipfix', concat('sensor-', toString((owner + told) % ${sensors})),
    toIPv6(concat('::ffff:192.0.2.', toString((owner + told) % ${sensors} + 1))), ${time('startMs + 20000')}, toUInt32(intDiv(number, 24)), toUInt32(number % 24), 'in-order',
    ${asset('owner')} AS asset, ${fleet('owner')} AS fleet, 'source'
  FROM (
    SELECT number, ${ofDay(1, assets)} AS owner, ${ofDay(2, 1000)} AS pick, ${ofDay(3, PEERS)} AS peer, ${ofDay(4, 40_000)} AS size,
      ${ofDay(7, 10)} = 0 AS told, ${startMs} + intDiv(number * ${DAY_MS}, ${rows}) AS startMs
    FROM numbers(${rows})
  )
  SETTINGS max_block_size = 131072, min_insert_block_size_rows = 524288, min_insert_block_size_bytes = 0`;
}

/** Two rows a minute and exporter, as the collector tells them; one minute in a thousand has a loss, one sensor is silent for an hour a day. */
function coverage({ days, sensors, toMs }: ScreensShape): string {
  const rows = days * 1440 * sensors * 2;
  return `INSERT INTO coverage (minute, sensor, exporterIPv6Address, exportProtocol, firstMessageMilliseconds, lastMessageMilliseconds, messagesSent, messagesReceived,
    recordsSent, recordsReceived, recordsLost, recordsDecoded, recordsProduced, recordsDuplicate, kernelDrops, samplingInterval, clockOffsetMilliseconds)
  SELECT ${time('minuteMs')} AS minute, concat('sensor-', toString(sensor)), toIPv6(concat('::ffff:192.0.2.', toString(sensor + 1))), 'ipfix',
    ${time('minuteMs + half * 30000')}, ${time('minuteMs + half * 30000 + 29000')}, 30, 30, 300, 300 - lost, lost, 300 - lost, 300 - lost, lost, lost, 1,
    20 + ${lot(11, 40)}
  FROM (
    SELECT number, number % 2 AS half, intDiv(number, 2) % ${sensors} AS sensor,
      ${toMs - days * DAY_MS} + intDiv(number, ${2 * sensors}) * 60000 AS minuteMs, if(${lot(12, 1000)} = 0, 7, 0) AS lost
    FROM numbers(${rows})
  )
  WHERE NOT (sensor = 0 AND intDiv(minuteMs, 3600000) % 24 = 3)`;
}

function findings({ findings: count, days, assets, claims, toMs }: ScreensShape): string {
  return `INSERT INTO findings (id, revision, detection, claim, severity, confidence, fleet, asset, peerAddress, peerCountry, protocol, port, initiator, completion, firstSeen,
    lastSeen, observed, expected, unit, windowFrom, windowTo, sessions, records, octetsOut, octetsIn, rule, sentence, evidence)
  SELECT lower(hex(MD5(toString(one)))) AS id, told + 1 AS revision, if(one % 3 = 0, 'claim-only', concat('D', leftPad(toString(one % 20 + 2), 2, '0'), '-learned')),
    if(one % 3 = 0, concat('claim-', toString(owner % ${claims})), ''), ['info', 'low', 'medium', 'high', 'critical'][kind % 5 + 1], 80,
    ${fleet('owner')}, ${asset('owner')}, toIPv6(concat('::ffff:203.0.113.', toString((owner % 20) * 10 + 1))), ['NL', 'DE', 'CN', 'US'][kind % 4 + 1], 6, 443, 'asset', 'transferred',
    ${time('atMs')}, ${time('atMs + 3600000 * (told + 1)')}, 9000 * (told + 1), 100, 'octets', ${time('atMs')}, ${time('atMs + 86400000')}, told + 1, 10 * (told + 1),
    9000 * (told + 1), 4000, 'peer not in the set', concat('asset sent ', toString(9 * (told + 1)), ' kB to a peer that no claim allows, ', toString(one)),
    concat('[', arrayStringConcat(arrayMap(n -> concat('{"sensor":"sensor-1","exporter":"192.0.2.1","domain":0,"sequence":', toString(one + n),
      ',"record":3,"startMs":', toString(atMs), ',"endMs":', toString(atMs + 900), ',"source":"10.64.1.2","sourcePort":40001,"destination":"203.0.113.11","destinationPort":443,',
      '"octets":4000,"reverseOctets":900,"samplingInterval":1}'), range(5)), ','), ']')
  FROM (
    SELECT intDiv(number, 3) AS one, number % 3 AS told, cityHash64(one, 21) % ${assets} AS owner, cityHash64(one, 22) % 20 AS kind,
      ${toMs - days * DAY_MS} + cityHash64(one, 23) % ${days * DAY_MS} AS atMs
    FROM numbers(${count * 3})
  )
  SETTINGS max_block_size = 65536`;
}

/** One verdict a claim and day, looked at anew each hour of it. */
function verdicts({ claims, days, toMs }: ScreensShape): string {
  return `INSERT INTO verdicts (claimsId, claimsHash, claim, fleet, severity, text, periodFrom, periodTo, verdict, reasons, numbers, residual, sentence, revision)
  SELECT 'bench', 'b', concat('claim-', toString(claim)), ${fleet('claim')}, ['medium', 'high', 'critical'][claim % 3 + 1],
    'The equipment of this fleet talks only to what its claim names', ${time('dayMs')}, ${time(`dayMs + ${DAY_MS}`)},
    ['VERIFIED', 'VERIFIED', 'VERIFIED', 'NOT_PROVEN', 'VIOLATED'][cityHash64(claim, day, 31) % 5 + 1],
    if(look < 23, '[{"code":"not-final"}]', '[{"code":"records-lost","about":"sensor-1","observed":0.002,"demanded":0.001,"unit":"share","sentence":"too much was lost"}]'),
    '{"observedShare":0.998,"longestBlindMs":3600000,"flowsJudged":41200,"recordsLost":70,"hideableOctets":64000,"exceptionsUsed":1,"drillsSeen":2}',
    '["a modem in the cabinet"]', 'claim-1 2026-11-01 VERIFIED: nothing outside the claim was seen', toUInt64(dayMs + look * 3600000)
  FROM (
    SELECT number % ${claims} AS claim, intDiv(number, ${claims}) % 24 AS look, intDiv(number, ${claims * 24}) AS day, ${toMs - days * DAY_MS} + day * ${DAY_MS} AS dayMs
    FROM numbers(${claims * 24 * days})
  )`;
}

function judgements({ assets, days, toMs }: ScreensShape): string {
  return `INSERT INTO judgements (claimsHash, unit, fleet, kind, claim, about, periodFrom, first, last, flows, records, octets)
  SELECT 'b', ${asset('owner')}, ${fleet('owner')}, kind, if(kind = 'judged', '', concat('claim-', toString(owner % 60))),
    multiIf(kind = 'judged', ${asset('owner')}, kind = 'excused', 'EX-1', 'nightly'), ${time('dayMs')}, ${time('dayMs')}, ${time(`dayMs + ${DAY_MS - 1}`)}, 3000, 3300, 9000000
  FROM (
    SELECT number % ${assets} AS owner, intDiv(number, ${assets}) % ${days} AS day, ${toMs - days * DAY_MS} + day * ${DAY_MS} AS dayMs,
      if(number < ${assets * days}, 'judged', if(owner % 2 = 0, 'excused', 'drill')) AS kind
    FROM numbers(${assets * days * 2})
    WHERE kind = 'judged' OR owner % 10 < 2
  )`;
}

/** A decision on every tenth finding; those that mute hold for a month, one in ten is taken back. */
function decisions({ findings: count, days, assets, toMs }: ScreensShape): string {
  return `INSERT INTO decisions (id, at, effective, verb, author, reason, finding, sentence, detection, asset, until, accepted, revokes)
  SELECT lower(hex(MD5(concat('d', toString(number))))), ${time('atMs')} AS at, at,
    if(number % 10 = 9, 'revoke', ['acknowledge', 'expected', 'incident', 'noise'][number % 4 + 1]) AS verb, concat('analyst-', toString(number % 5)),
    'looked at', lower(hex(MD5(toString(number * 10)))), 'asset sent 9 kB', if(verb IN ('expected', 'noise'), 'D05-learned', ''),
    if(verb IN ('expected', 'noise'), ${asset(`(${lot(42, assets)})`)}, ''), if(verb IN ('expected', 'noise'), ${time(`atMs + ${30 * DAY_MS}`)}, ${time('0')}), '[]',
    if(verb = 'revoke', lower(hex(MD5(concat('d', toString(number - 1))))), '')
  FROM (SELECT number, ${toMs - days * DAY_MS} + cityHash64(number, 41) % ${days * DAY_MS} AS atMs FROM numbers(${Math.floor(count / 10)}))`;
}

/**
 * What the claims name a time for: each claim has a window each night for two hours with the first outside peer of its fleet, every third one for ten minutes of each
 * hour of the day with all of its fleet's peers outside, and an exception that holds for a day each week.
 */
function windows({ claims, days, toMs }: ScreensShape): string {
  return `INSERT INTO claim_windows (claimsId, claimsHash, claim, fleet, kind, window, rule, effect, periodFrom, opens, closes, ticket, approvedBy, peers, ports, withdrawn, revision)
  SELECT 'bench', 'b', concat('claim-', toString(claim)), ${fleet('claim')}, if(one.1 = 'approved', 'exception', 'window'), one.1, one.2, 'allows', ${time('dayMs')},
    ${time('dayMs + one.3 * 60000')}, ${time('dayMs + one.4 * 60000')}, if(one.1 = 'approved', concat('CHG-', toString(claim)), ''), if(one.1 = 'approved', 'analyst-1', ''),
    concat('[["203.0.113.', toString((claim % 20) * 10 + 1), '","203.0.113.', toString((claim % 20) * 10 + if(one.1 = 'nightly', 1, 9)), '"]]'),
    if(one.1 = 'nightly', '[]', '[[6,1,65535]]'), 0, toUInt64(dayMs)
  FROM (
    SELECT claim, dayMs, arrayJoin(arrayConcat(
      [('nightly', 0, 60, 180)],
      if(claim % 3 = 0, arrayMap(hour -> ('poll', 1, hour * 60 + 20, hour * 60 + 30), range(24)), []),
      if(day % 7 = claim % 7, [('approved', 2, 0, 1440)], []))) AS one
    FROM (
      SELECT number % ${claims} AS claim, intDiv(number, ${claims}) AS day, ${toMs - days * DAY_MS} + day * ${DAY_MS} AS dayMs
      FROM numbers(${claims * days})
    )
  )`;
}

/** Every peer has been looked up; forty countries and three hundred systems, private ranges are local, and of one peer in fifty nothing is known. */
function places({ toMs }: ScreensShape): string {
  return `INSERT INTO peer_places (peerAddress, scope, country, asn, asName, countryData, asnData, located)
  SELECT address, if(local, 'special', 'internet'), if(local OR pick % 50 = 0, '', ${COUNTRIES}[pick % 40 + 1]), if(local OR pick % 50 = 0, 0, 64496 + pick % 300),
    concat('SYSTEM-', toString(pick % 300)), 'c', 'a', ${time(`${toMs}`)}
  FROM (
    SELECT DISTINCT peerAddress AS address, peerAddress BETWEEN toIPv6('::ffff:10.0.0.0') AND toIPv6('::ffff:10.255.255.255') AS local, cityHash64(peerAddress, 51) AS pick
    FROM asset_peers
  )`;
}
