-- In which minutes each asset sent something, by sensor: what silence is judged by. One bit a minute, set for all minutes from a record's first packet to its
-- last. A record that claims to have lasted longer than a day is believed for its last day.
CREATE TABLE IF NOT EXISTS asset_activity (
    hour DateTime('UTC') COMMENT 'start of the hour' CODEC(DoubleDelta, ZSTD(1)),
    asset LowCardinality(String) COMMENT 'the watched asset',
    sensor LowCardinality(String) COMMENT 'name of the source of telemetry',
    minutes SimpleAggregateFunction(groupBitOr, UInt64) COMMENT 'bit n: the asset sent a packet in minute n of the hour'
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(hour)
ORDER BY (asset, hour, sensor)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS asset_activity_view TO asset_activity AS
SELECT
    toDateTime(hourNumber * 3600, 'UTC') AS hour,
    asset,
    sensor,
    groupBitOr(bitShiftLeft(toUInt64(1), toUInt8(least(last - hourNumber * 60, 59) + 1)) - bitShiftLeft(toUInt64(1), toUInt8(greatest(first - hourNumber * 60, 0)))) AS minutes
FROM (
    SELECT
        asset,
        sensor,
        intDiv(greatest(toUnixTimestamp64Milli(flows.flowStartMilliseconds), toUnixTimestamp64Milli(flows.flowEndMilliseconds) - 86400000), 60000) AS first,
        intDiv(toUnixTimestamp64Milli(flows.flowEndMilliseconds), 60000) AS last,
        arrayJoin(range(toUInt64(intDiv(first, 60)), toUInt64(intDiv(last, 60) + 1))) AS hourNumber
    FROM flows
    WHERE assetSide != 'none' AND toUnixTimestamp64Milli(flows.flowEndMilliseconds) >= toUnixTimestamp64Milli(flows.flowStartMilliseconds)
        AND if(assetSide = 'source', packetDeltaCount + octetDeltaCount, reversePacketDeltaCount + reverseOctetDeltaCount) > 0
)
GROUP BY hour, asset, sensor;

-- Of what was stored before, the minutes in which records began are known. A bit that is set twice is set.
INSERT INTO asset_activity
SELECT toStartOfHour(m.bucket) AS hour, m.asset, m.sensor, groupBitOr(bitShiftLeft(toUInt64(1), toMinute(m.bucket))) AS minutes
FROM asset_peer_1m AS m
WHERE m.asset != '' AND m.packetsOut + m.octetsOut > 0
GROUP BY hour, m.asset, m.sensor;
