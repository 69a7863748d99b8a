-- Every revision of a finding is a row; merges keep the highest, and the view shows it at any time.
CREATE TABLE IF NOT EXISTS findings (
    id String COMMENT '32 hex digits derived from detection, claim, asset, peer, protocol, port and period',
    revision UInt64 COMMENT 'grows with the finding; the highest is the finding',
    detection LowCardinality(String) COMMENT 'detection id',
    claim LowCardinality(String) COMMENT 'claim id, empty for learned detections',
    severity Enum8('info' = 0, 'low' = 1, 'medium' = 2, 'high' = 3, 'critical' = 4) COMMENT 'how bad it would be',
    confidence UInt8 COMMENT 'how sure that it is what it says',
    fleet LowCardinality(String) COMMENT 'fleet of the asset',
    asset LowCardinality(String) COMMENT 'the asset',
    assetAddress IPv6 COMMENT 'address of the asset in the first row',
    peerAddress IPv6 COMMENT 'the other end; :: where there is no single one',
    peerName LowCardinality(String) COMMENT 'declared set that the peer lies in',
    peerAsn UInt32 COMMENT 'AS of the peer, 0 not known',
    peerCountry LowCardinality(String) COMMENT 'country of the peer, empty when not known',
    protocol UInt8 COMMENT 'IP protocol number',
    port UInt16 COMMENT 'responder''s port',
    initiator Enum8('unknown' = 0, 'asset' = 1, 'peer' = 2) COMMENT 'who began',
    completion Enum8('unknown' = 0, 'attempt' = 1, 'established' = 2, 'transferred' = 3) COMMENT 'the furthest any of its exchanges came',
    firstSeen DateTime64(3, 'UTC') COMMENT 'start of the earliest record',
    lastSeen DateTime64(3, 'UTC') COMMENT 'end of the latest record',
    observed Float64 COMMENT 'what was measured',
    expected Float64 COMMENT 'what was allowed or usual',
    unit LowCardinality(String) COMMENT 'unit of observed and expected',
    windowFrom DateTime64(3, 'UTC') COMMENT 'start of the window that observed was measured over',
    windowTo DateTime64(3, 'UTC') COMMENT 'end of that window',
    sessions UInt64 COMMENT 'connections, as far as they can be told apart',
    records UInt64 COMMENT 'flow records',
    octetsOut UInt64 COMMENT 'octets asset to peer, as counted',
    octetsIn UInt64 COMMENT 'octets peer to asset, as counted',
    packetsOut UInt64 COMMENT 'packets asset to peer',
    packetsIn UInt64 COMMENT 'packets peer to asset',
    rule String COMMENT 'the rule that decided',
    sentence String COMMENT 'why, with its numbers',
    evidence String COMMENT 'JSON list of the first rows',
    claimsHash LowCardinality(String) COMMENT 'sha256 of the claim file'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- A last revision without records is a finding taken back: an attempt whose answer came after all, or a session whose beginning turned out otherwise.
CREATE VIEW IF NOT EXISTS findings_current AS SELECT * FROM findings FINAL WHERE records > 0;

-- The coverage ledger: deltas, several rows a minute (flow/coverage.ts says how they balance).
CREATE TABLE IF NOT EXISTS coverage (
    minute DateTime64(3, 'UTC') COMMENT 'start of the minute, by the exporter''s clock (captures: packet time)' CODEC(DoubleDelta, ZSTD(1)),
    sensor LowCardinality(String) COMMENT 'name of the source of telemetry',
    exporterIPv6Address IPv6 COMMENT 'address the export came from; :: for captures',
    observationDomainId UInt32 COMMENT 'observation domain; 0 for captures',
    exportProtocol LowCardinality(String) COMMENT 'netflow5, netflow9, ipfix, pcap, …',
    firstMessageMilliseconds DateTime64(3, 'UTC') COMMENT 'export time of the first message (capture: first packet) of these counts' CODEC(DoubleDelta, ZSTD(1)),
    lastMessageMilliseconds DateTime64(3, 'UTC') COMMENT 'export time of the last message (capture: last packet) of these counts' CODEC(DoubleDelta, ZSTD(1)),
    observedMilliseconds UInt32 COMMENT 'captures: how much of the minute the capture was running; exporters: 0, the verdict derives it from the heartbeat',
    messagesSent UInt64 COMMENT 'messages the exporter sent, by its sequence numbers (captures: packets)',
    messagesReceived UInt64 COMMENT 'messages that arrived once and were accepted',
    messagesLost UInt64 COMMENT 'messages the sequence numbers miss (captures: packets the interface or kernel dropped)',
    messagesDuplicate UInt64 COMMENT 'messages seen before',
    messagesMalformed UInt64 COMMENT 'messages that could not be read to their end',
    messagesRefused UInt64 COMMENT 'messages from senders that are not allowed',
    recordsSent UInt64 COMMENT 'data records the exporter sent, by its sequence numbers',
    recordsReceived UInt64 COMMENT 'data records that arrived',
    recordsLost UInt64 COMMENT 'data records that did not arrive',
    lossEstimated UInt8 COMMENT '1 when recordsLost is an estimate (NetFlow v9)',
    recordsDecoded UInt64 COMMENT 'data records turned into rows',
    recordsUndecodable UInt64 COMMENT 'data records whose template was missing, or of a kind that carries no flow',
    recordsMalformed UInt64 COMMENT 'data records announced by a message whose bytes did not hold them',
    recordsDuplicate UInt64 COMMENT 'data records in duplicate messages',
    recordsRefused UInt64 COMMENT 'data records in refused messages',
    recordsProduced UInt64 COMMENT 'rows handed to the bus (each record once, mirrors not counted)',
    recordsUnwatched UInt64 COMMENT 'rows that concern no watched asset and were not kept',
    optionsRecords UInt64 COMMENT 'options data records read',
    templatesReceived UInt64 COMMENT 'template and options template records read',
    templatesMissing UInt64 COMMENT 'data sets that arrived without a known template',
    templatesChanged UInt64 COMMENT 'templates redefined in flight: a security event',
    restarts UInt64 COMMENT 'restarts of the exporter recognised',
    kernelDrops UInt64 COMMENT 'datagrams the kernel dropped before the collector (per socket)',
    samplingInterval UInt32 COMMENT 'largest sampling interval seen, 0 not told',
    clockOffsetMilliseconds Float64 COMMENT 'smallest arrival − export time in these counts; NaN when arrival is not known (replay)'
)
ENGINE = MergeTree
PARTITION BY toStartOfMonth(minute)
ORDER BY (sensor, minute, exporterIPv6Address, observationDomainId, exportProtocol)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- One row per sensor, exporter, domain, protocol and minute. Columns are named in full inside the aggregates: ClickHouse would
-- otherwise take an alias of the same name for its own argument.
CREATE VIEW IF NOT EXISTS coverage_minutes AS
SELECT
    coverage.minute AS minute,
    coverage.sensor AS sensor,
    coverage.exporterIPv6Address AS exporterIPv6Address,
    coverage.observationDomainId AS observationDomainId,
    coverage.exportProtocol AS exportProtocol,
    min(coverage.firstMessageMilliseconds) AS firstMessageMilliseconds,
    max(coverage.lastMessageMilliseconds) AS lastMessageMilliseconds,
    sum(coverage.observedMilliseconds) AS observedMilliseconds,
    sum(coverage.messagesSent) AS messagesSent,
    sum(coverage.messagesReceived) AS messagesReceived,
    sum(coverage.messagesLost) AS messagesLost,
    sum(coverage.messagesDuplicate) AS messagesDuplicate,
    sum(coverage.messagesMalformed) AS messagesMalformed,
    sum(coverage.messagesRefused) AS messagesRefused,
    sum(coverage.recordsSent) AS recordsSent,
    sum(coverage.recordsReceived) AS recordsReceived,
    sum(coverage.recordsLost) AS recordsLost,
    max(coverage.lossEstimated) AS lossEstimated,
    sum(coverage.recordsDecoded) AS recordsDecoded,
    sum(coverage.recordsUndecodable) AS recordsUndecodable,
    sum(coverage.recordsMalformed) AS recordsMalformed,
    sum(coverage.recordsDuplicate) AS recordsDuplicate,
    sum(coverage.recordsRefused) AS recordsRefused,
    sum(coverage.recordsProduced) AS recordsProduced,
    sum(coverage.recordsUnwatched) AS recordsUnwatched,
    sum(coverage.optionsRecords) AS optionsRecords,
    sum(coverage.templatesReceived) AS templatesReceived,
    sum(coverage.templatesMissing) AS templatesMissing,
    sum(coverage.templatesChanged) AS templatesChanged,
    sum(coverage.restarts) AS restarts,
    sum(coverage.kernelDrops) AS kernelDrops,
    max(coverage.samplingInterval) AS samplingInterval,
    if(countIf(NOT isNaN(coverage.clockOffsetMilliseconds)) = 0, nan, minIf(coverage.clockOffsetMilliseconds, NOT isNaN(coverage.clockOffsetMilliseconds))) AS clockOffsetMilliseconds
FROM coverage
GROUP BY minute, sensor, exporterIPv6Address, observationDomainId, exportProtocol;

-- A verdict may be computed again; the latest for a claim and period is the current one.
CREATE TABLE IF NOT EXISTS verdicts (
    claimsId LowCardinality(String) COMMENT 'id of the claim file',
    claimsHash LowCardinality(String) COMMENT 'sha256 of the claim file',
    claim LowCardinality(String) COMMENT 'claim id',
    fleet LowCardinality(String) COMMENT 'subject of the claim',
    severity LowCardinality(String) COMMENT 'severity of the claim',
    text String COMMENT 'the claim',
    periodFrom DateTime64(3, 'UTC') COMMENT 'start of the period',
    periodTo DateTime64(3, 'UTC') COMMENT 'end of the period',
    verdict Enum8('NOT_PROVEN' = 0, 'VERIFIED' = 1, 'VIOLATED' = 2) COMMENT 'VIOLATED, VERIFIED or NOT_PROVEN',
    reasons String COMMENT 'JSON list of reasons',
    numbers String COMMENT 'JSON object of numbers',
    residual String COMMENT 'JSON list of channels these sensors cannot see',
    sentence String COMMENT 'the line an auditor reads',
    revision UInt64 COMMENT 'ms since the epoch when it was computed; the highest is current'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (claimsId, claim, fleet, periodFrom, periodTo)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS verdicts_current AS SELECT * FROM verdicts FINAL;
