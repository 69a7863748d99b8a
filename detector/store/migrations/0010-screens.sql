-- What screens of a month read. A rollup by the day beside those by the minute and the hour; its first key is the day, because a month of all assets is what it is
-- asked for. `hours` tells the hours of the day, so that they can be counted without the hour rollup.
CREATE TABLE IF NOT EXISTS asset_peer_1d (
    bucket DateTime('UTC') COMMENT 'start of the UTC day that the record began in' CODEC(DoubleDelta, ZSTD(1)),
    sensor LowCardinality(String) COMMENT 'name of the source of telemetry',
    fleet LowCardinality(String) COMMENT 'fleet of the asset',
    asset LowCardinality(String) COMMENT 'the watched asset that the rows are filed under',
    peerAddress IPv6 COMMENT 'the other end',
    protocol UInt8 COMMENT 'IP protocol number',
    port UInt16 COMMENT 'port of the responder; where the initiator is not known, the lower of the two; 0 for protocols without ports',
    octetsOut SimpleAggregateFunction(sum, UInt64) COMMENT 'octets asset to peer, as counted',
    octetsIn SimpleAggregateFunction(sum, UInt64) COMMENT 'octets peer to asset, as counted',
    packetsOut SimpleAggregateFunction(sum, UInt64) COMMENT 'packets asset to peer, as counted',
    packetsIn SimpleAggregateFunction(sum, UInt64) COMMENT 'packets peer to asset, as counted',
    records SimpleAggregateFunction(sum, UInt64) COMMENT 'flow records',
    attempts SimpleAggregateFunction(sum, UInt64) COMMENT 'flow records that were attempts without an answer',
    samplingInterval SimpleAggregateFunction(max, UInt32) COMMENT '1 in N, the coarsest of them; 0 not known',
    hours SimpleAggregateFunction(groupBitOr, UInt32) COMMENT 'bit n: a record began in hour n of the day'
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(bucket)
ORDER BY (bucket, asset, peerAddress, protocol, port, fleet, sensor)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS asset_peer_1d_view TO asset_peer_1d AS
SELECT
    toStartOfDay(flows.flowStartMilliseconds, 'UTC') AS bucket,
    sensor, fleet, asset,
    if(assetSide = 'destination', sourceIPv6Address, destinationIPv6Address) AS peerAddress,
    protocolIdentifier AS protocol,
    multiIf(
        protocolIdentifier NOT IN (6, 17, 132), 0,
        initiator = 'source', destinationTransportPort,
        initiator = 'destination', sourceTransportPort,
        least(sourceTransportPort, destinationTransportPort)
    ) AS port,
    sum(if(assetSide = 'destination', reverseOctetDeltaCount, octetDeltaCount)) AS octetsOut,
    sum(if(assetSide = 'destination', octetDeltaCount, reverseOctetDeltaCount)) AS octetsIn,
    sum(if(assetSide = 'destination', reversePacketDeltaCount, packetDeltaCount)) AS packetsOut,
    sum(if(assetSide = 'destination', packetDeltaCount, reversePacketDeltaCount)) AS packetsIn,
    count() AS records,
    countIf(completion = 'attempt') AS attempts,
    max(flows.samplingInterval) AS samplingInterval,
    groupBitOr(bitShiftLeft(toUInt32(1), toHour(flows.flowStartMilliseconds, 'UTC'))) AS hours
FROM flows
GROUP BY bucket, sensor, fleet, asset, peerAddress, protocol, port;

-- When each asset met each peer first and last, by the hour. The least of hours stays what it is when an insert is repeated, so this may be filled from the hour
-- rollup's inserts and, for what was stored before, from its rows.
CREATE TABLE IF NOT EXISTS asset_peers (
    asset LowCardinality(String) COMMENT 'the watched asset',
    fleet LowCardinality(String) COMMENT 'fleet of the asset',
    peerAddress IPv6 COMMENT 'the other end',
    firstMet SimpleAggregateFunction(min, DateTime('UTC')) COMMENT 'start of the hour of their first record',
    lastMet SimpleAggregateFunction(max, DateTime('UTC')) COMMENT 'start of the hour of their latest record'
)
ENGINE = AggregatingMergeTree
ORDER BY (asset, fleet, peerAddress)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS asset_peers_view TO asset_peers AS
SELECT asset, fleet, peerAddress, min(bucket) AS firstMet, max(bucket) AS lastMet FROM asset_peer_1h GROUP BY asset, fleet, peerAddress;

INSERT INTO asset_peers
SELECT h.asset, h.fleet, h.peerAddress, min(h.bucket) AS firstMet, max(h.bucket) AS lastMet FROM asset_peer_1h AS h GROUP BY h.asset, h.fleet, h.peerAddress;

-- The coverage ledger by the hour.
CREATE TABLE IF NOT EXISTS coverage_1h (
    hour DateTime('UTC') COMMENT 'start of the hour' CODEC(DoubleDelta, ZSTD(1)),
    sensor LowCardinality(String) COMMENT 'name of the source of telemetry',
    exporterIPv6Address IPv6 COMMENT 'address the export came from; :: for captures',
    observationDomainId UInt32 COMMENT 'observation domain; 0 for captures',
    exportProtocol LowCardinality(String) COMMENT 'netflow5, netflow9, ipfix, pcap, …',
    heard SimpleAggregateFunction(groupBitOr, UInt64) COMMENT 'bit n: the ledger has minute n of the hour',
    lastMessageMilliseconds SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'export time of the last message (capture: last packet)',
    messagesSent SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    messagesReceived SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    messagesLost SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    messagesMalformed SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    messagesRefused SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    messagesOverrun SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    messagesQuarantined SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsSent SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsReceived SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsLost SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsUndecodable SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsMalformed SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsDuplicate SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsHeld SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsReleased SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    recordsNotExported SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    packetsMissed SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    templatesMissing SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    templatesChanged SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    restarts SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    kernelDrops SimpleAggregateFunction(sum, UInt64) COMMENT 'as in coverage',
    samplingInterval SimpleAggregateFunction(max, UInt32) COMMENT 'largest sampling interval seen, 0 not told',
    clockOffsetMilliseconds SimpleAggregateFunction(min, Float64) COMMENT 'smallest arrival − export time; infinite when no arrival is known (replay)'
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(hour)
ORDER BY (sensor, hour, exporterIPv6Address, observationDomainId, exportProtocol)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS coverage_1h_view TO coverage_1h AS
SELECT
    toStartOfHour(coverage.minute, 'UTC') AS hour,
    sensor, exporterIPv6Address, observationDomainId, exportProtocol,
    groupBitOr(bitShiftLeft(toUInt64(1), toMinute(coverage.minute, 'UTC'))) AS heard,
    max(coverage.lastMessageMilliseconds) AS lastMessageMilliseconds,
    sum(coverage.messagesSent) AS messagesSent,
    sum(coverage.messagesReceived) AS messagesReceived,
    sum(coverage.messagesLost) AS messagesLost,
    sum(coverage.messagesMalformed) AS messagesMalformed,
    sum(coverage.messagesRefused) AS messagesRefused,
    sum(coverage.messagesOverrun) AS messagesOverrun,
    sum(coverage.messagesQuarantined) AS messagesQuarantined,
    sum(coverage.recordsSent) AS recordsSent,
    sum(coverage.recordsReceived) AS recordsReceived,
    sum(coverage.recordsLost) AS recordsLost,
    sum(coverage.recordsUndecodable) AS recordsUndecodable,
    sum(coverage.recordsMalformed) AS recordsMalformed,
    sum(coverage.recordsDuplicate) AS recordsDuplicate,
    sum(coverage.recordsHeld) AS recordsHeld,
    sum(coverage.recordsReleased) AS recordsReleased,
    sum(coverage.recordsNotExported) AS recordsNotExported,
    sum(coverage.packetsMissed) AS packetsMissed,
    sum(coverage.templatesMissing) AS templatesMissing,
    sum(coverage.templatesChanged) AS templatesChanged,
    sum(coverage.restarts) AS restarts,
    sum(coverage.kernelDrops) AS kernelDrops,
    max(coverage.samplingInterval) AS samplingInterval,
    min(if(isNaN(coverage.clockOffsetMilliseconds), inf, coverage.clockOffsetMilliseconds)) AS clockOffsetMilliseconds
FROM coverage
GROUP BY hour, sensor, exporterIPv6Address, observationDomainId, exportProtocol;

-- Sums cannot be filled from what was stored before without a doubt (a crash, two processes, rows that come meanwhile: they would be counted twice), so each new
-- rollup is believed from the first bucket on that has nothing from before it. A row more after a crash names a later one, which is as right.
CREATE TABLE IF NOT EXISTS rollup_beginnings (
    rollup LowCardinality(String) COMMENT 'name of the table',
    believedFrom DateTime('UTC') COMMENT 'first bucket that holds all of its rows; of several the latest counts'
)
ENGINE = MergeTree
ORDER BY rollup
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

INSERT INTO rollup_beginnings
SELECT 'asset_peer_1d', if(count() = 0, toDateTime(0, 'UTC'), toStartOfDay(max(bucket), 'UTC') + INTERVAL 1 DAY) FROM asset_peer_1h;

INSERT INTO rollup_beginnings
SELECT 'coverage_1h', if(count() = 0, toDateTime(0, 'UTC'), toStartOfHour(toDateTime(max(minute)), 'UTC') + INTERVAL 1 HOUR) FROM coverage;

-- Peers of the assets between two instants, both included, from the coarsest rollup that tells them for steps of that many seconds: whole days, the hours
-- around them, the minutes around those. Rows are summed by whoever asks; where several sensors saw one conversation, each has its own. `latest` is the last minute
-- or hour of the bucket that has a record.
CREATE OR REPLACE VIEW asset_peer_between AS
WITH
    toDateTime({from:DateTime}, 'UTC') AS since,
    toDateTime({to:DateTime}, 'UTC') AS until,
    (SELECT max(believedFrom) FROM rollup_beginnings WHERE rollup = 'asset_peer_1d') AS daysFrom,
    if({step:UInt32} >= 3600, toStartOfHour(since + 3599, 'UTC'), until + 1) AS firstHour,
    if({step:UInt32} >= 3600, toStartOfHour(until, 'UTC'), until + 1) AS endHour,
    greatest(if({step:UInt32} >= 86400, toStartOfDay(since + 86399, 'UTC'), until + 1), daysFrom) AS firstDay,
    if({step:UInt32} >= 86400, toStartOfDay(until, 'UTC'), until + 1) AS endDay
SELECT bucket, sensor, fleet, asset, peerAddress, protocol, port, octetsOut, octetsIn, packetsOut, packetsIn, records, attempts, samplingInterval,
    bitShiftLeft(toUInt32(1), toHour(bucket)) AS hours, bucket AS latest
FROM asset_peer_1m
WHERE bucket >= toStartOfMinute(since, 'UTC') AND bucket <= until AND (bucket < firstHour OR bucket >= endHour)
UNION ALL
SELECT bucket, sensor, fleet, asset, peerAddress, protocol, port, octetsOut, octetsIn, packetsOut, packetsIn, records, attempts, samplingInterval,
    bitShiftLeft(toUInt32(1), toHour(bucket)) AS hours, bucket AS latest
FROM asset_peer_1h
WHERE bucket >= firstHour AND bucket < endHour AND (bucket < firstDay OR bucket >= endDay)
UNION ALL
SELECT bucket, sensor, fleet, asset, peerAddress, protocol, port, octetsOut, octetsIn, packetsOut, packetsIn, records, attempts, samplingInterval,
    hours, bucket + 3600 * toUInt32(floor(log2(greatest(hours, 1)))) AS latest
FROM asset_peer_1d
WHERE bucket >= firstDay AND bucket < endDay;

-- The ledger between two instants in the same way: by the hour where steps are hours and more, by the minute around and else.
CREATE OR REPLACE VIEW coverage_between AS
WITH
    toDateTime({from:DateTime}, 'UTC') AS since,
    toDateTime({to:DateTime}, 'UTC') AS until,
    (SELECT max(believedFrom) FROM rollup_beginnings WHERE rollup = 'coverage_1h') AS hoursFrom,
    greatest(if({step:UInt32} >= 3600, toStartOfHour(since + 3599, 'UTC'), until + 1), hoursFrom) AS firstHour,
    if({step:UInt32} >= 3600, toStartOfHour(until, 'UTC'), until + 1) AS endHour
SELECT toDateTime(coverage.minute, 'UTC') AS bucket, sensor, exporterIPv6Address, observationDomainId, exportProtocol,
    bitShiftLeft(toUInt64(1), toMinute(coverage.minute, 'UTC')) AS heard,
    lastMessageMilliseconds, messagesSent, messagesReceived, messagesLost, messagesMalformed, messagesRefused, messagesOverrun, messagesQuarantined, recordsSent,
    recordsReceived, recordsLost, recordsUndecodable, recordsMalformed, recordsDuplicate, recordsHeld, recordsReleased, recordsNotExported, packetsMissed,
    templatesMissing, templatesChanged, restarts, kernelDrops, samplingInterval,
    if(isNaN(coverage.clockOffsetMilliseconds), inf, coverage.clockOffsetMilliseconds) AS clockOffsetMilliseconds
FROM coverage
WHERE minute >= toDateTime64(toStartOfMinute(since, 'UTC'), 3, 'UTC') AND minute <= toDateTime64(until, 3, 'UTC')
    AND (minute < toDateTime64(firstHour, 3, 'UTC') OR minute >= toDateTime64(endHour, 3, 'UTC'))
UNION ALL
SELECT hour AS bucket, sensor, exporterIPv6Address, observationDomainId, exportProtocol, heard,
    lastMessageMilliseconds, messagesSent, messagesReceived, messagesLost, messagesMalformed, messagesRefused, messagesOverrun, messagesQuarantined, recordsSent,
    recordsReceived, recordsLost, recordsUndecodable, recordsMalformed, recordsDuplicate, recordsHeld, recordsReleased, recordsNotExported, packetsMissed,
    templatesMissing, templatesChanged, restarts, kernelDrops, samplingInterval, clockOffsetMilliseconds
FROM coverage_1h
WHERE hour >= firstHour AND hour < endHour;
