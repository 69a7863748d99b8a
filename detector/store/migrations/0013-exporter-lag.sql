-- How long each exporter holds its flows back: export time minus the end of the flow, by five minutes. Records without an export time (logs) tell nothing of it.
-- Of what was stored before nothing is known here; screens ask for the newest only.
CREATE TABLE IF NOT EXISTS exporter_lag_5m (
    bucket DateTime('UTC') COMMENT 'start of the five minutes that the message was exported in' CODEC(DoubleDelta, ZSTD(1)),
    sensor LowCardinality(String) COMMENT 'name of the source of telemetry',
    exporterIPv6Address IPv6 COMMENT 'address the export came from; :: for captures',
    observationDomainId UInt32 COMMENT 'observation domain; 0 for captures',
    exportProtocol LowCardinality(String) COMMENT 'netflow5, netflow9, ipfix, pcap, …',
    leastMilliseconds SimpleAggregateFunction(min, Int64) COMMENT 'export time minus end, of the record that came soonest',
    mostMilliseconds SimpleAggregateFunction(max, Int64) COMMENT 'export time minus end, of the record that was held longest',
    records SimpleAggregateFunction(sum, UInt64) COMMENT 'flow records'
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(bucket)
ORDER BY (bucket, sensor, exporterIPv6Address, observationDomainId, exportProtocol)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS exporter_lag_5m_view TO exporter_lag_5m AS
SELECT
    toStartOfFiveMinutes(toDateTime(flows.exportTimeMilliseconds, 'UTC')) AS bucket,
    sensor, exporterIPv6Address, observationDomainId, exportProtocol,
    min(toUnixTimestamp64Milli(flows.exportTimeMilliseconds) - toUnixTimestamp64Milli(flows.flowEndMilliseconds)) AS leastMilliseconds,
    max(toUnixTimestamp64Milli(flows.exportTimeMilliseconds) - toUnixTimestamp64Milli(flows.flowEndMilliseconds)) AS mostMilliseconds,
    count() AS records
FROM flows
WHERE toUnixTimestamp64Milli(flows.exportTimeMilliseconds) > 0
GROUP BY bucket, sensor, exporterIPv6Address, observationDomainId, exportProtocol;
