-- Flow records as they came, for evidence and drill-down. Short-lived: the rollups are what lasts.
-- New parts stay in one file until they are large (min_bytes_for_wide_part): with 39 columns that is a third of the insert's time.
-- What the bus was told is stored must survive a power cut: fsync costs a tenth to a quarter of the speed.
-- DoubleDelta and T64 make parts a tenth smaller at no measurable cost; ZSTD on every column costs a tenth of the speed for another quarter.
CREATE TABLE IF NOT EXISTS flows (
    flowStartMilliseconds DateTime64(3, 'UTC') COMMENT 'first packet of the record' CODEC(DoubleDelta, ZSTD(1)),
    flowEndMilliseconds DateTime64(3, 'UTC') COMMENT 'last packet of the record' CODEC(DoubleDelta, ZSTD(1)),
    sourceIPv6Address IPv6 COMMENT 'sender of the forward direction; IPv4 (element 8) mapped',
    destinationIPv6Address IPv6 COMMENT 'receiver of the forward direction; IPv4 (element 12) mapped',
    sourceTransportPort UInt16 COMMENT 'port of the source; 0 where the protocol has none',
    destinationTransportPort UInt16 COMMENT 'port of the destination; 0 where the protocol has none',
    protocolIdentifier UInt8 COMMENT 'IP protocol number',
    tcpControlBits UInt16 COMMENT 'TCP flags seen source to destination, ORed',
    reverseTcpControlBits UInt16 COMMENT 'TCP flags seen destination to source, ORed (RFC 5103)',
    octetDeltaCount UInt64 COMMENT 'IP octets source to destination, as counted by the exporter' CODEC(T64, LZ4),
    packetDeltaCount UInt64 COMMENT 'packets source to destination, as counted by the exporter' CODEC(T64, LZ4),
    reverseOctetDeltaCount UInt64 COMMENT 'IP octets destination to source (RFC 5103)' CODEC(T64, LZ4),
    reversePacketDeltaCount UInt64 COMMENT 'packets destination to source (RFC 5103)' CODEC(T64, LZ4),
    biflow UInt8 COMMENT '1 when the exporter measured both directions in this record, so that a reverse count of 0 is a fact',
    samplingInterval UInt32 COMMENT '1 in N packets was seen; 1 unsampled, 0 not known. Counters are never multiplied by it',
    icmpTypeCode UInt16 COMMENT 'ICMP type * 256 + code, for ICMP and ICMPv6 (element 139)',
    vlanId UInt16 COMMENT 'outer 802.1Q VLAN, 0 untagged',
    ingressInterface UInt32 COMMENT 'exporter''s index of the interface the packets came in by',
    egressInterface UInt32 COMMENT 'exporter''s index of the interface the packets left by',
    sourceMacAddress UInt64 COMMENT 'MAC address of the source as a 48-bit number, 0 not known',
    destinationMacAddress UInt64 COMMENT 'MAC address of the destination as a 48-bit number, 0 not known',
    flowEndReason UInt8 COMMENT '1 idle, 2 active timeout, 3 end of flow, 4 forced, 5 lack of resources (RFC 5102), 0 not told',
    bgpSourceAsNumber UInt32 COMMENT 'AS of the source as told by the exporter, 0 not told',
    bgpDestinationAsNumber UInt32 COMMENT 'AS of the destination as told by the exporter, 0 not told',
    initiator Enum8('unknown' = 0, 'source' = 1, 'destination' = 2) COMMENT 'who sent the first packet, as far as the record itself tells',
    initiatorConfidence UInt8 COMMENT 'how sure that is: 100 seen (SYN without ACK, biflowDirection), 50 by convention or order, 0 unknown',
    completion Enum8('unknown' = 0, 'attempt' = 1, 'established' = 2, 'transferred' = 3) COMMENT 'how far the exchange came, as far as the record itself tells',
    exportProtocol LowCardinality(String) COMMENT 'netflow5, netflow9, ipfix, pcap, …',
    sensor LowCardinality(String) COMMENT 'name of the source of telemetry',
    exporterIPv6Address IPv6 COMMENT 'address the export came from; IPv4 (element 130) mapped; :: for captures',
    observationDomainId UInt32 COMMENT 'observation domain (IPFIX), source id (v9), engine type * 256 + engine id (v5)',
    exportTimeMilliseconds DateTime64(3, 'UTC') COMMENT 'the exporter''s clock when it sent the message; for captures the time of expiry' CODEC(DoubleDelta, ZSTD(1)),
    exportSequenceNumber UInt32 COMMENT 'sequence number of the message; for captures the number of the first packet modulo 2^32' CODEC(T64, LZ4),
    recordNumber UInt32 COMMENT 'position of the record within its message, from 0' CODEC(T64, LZ4),
    sequenceState Enum8('unknown' = 0, 'in-order' = 1, 'after-loss' = 2, 'reordered' = 3, 'after-restart' = 4) COMMENT 'how the message stood in its exporter''s sequence',
    asset LowCardinality(String) COMMENT 'the watched asset that this row is filed under',
    fleet LowCardinality(String) COMMENT 'fleet of the asset',
    assetSide Enum8('none' = 0, 'source' = 1, 'destination' = 2) COMMENT 'which end of the record the asset is',
    mirror UInt8 COMMENT '1 in the second copy of a record whose both ends are assets, filed under the destination; each record has one row with 0'
)
ENGINE = MergeTree
PARTITION BY toDate(flowStartMilliseconds)
ORDER BY (asset, flowStartMilliseconds)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 536870912, ttl_only_drop_parts = 1;

-- What each asset exchanged with each peer on each port, by the minute. Unlike other collectors' rollups these keep the peer address.
CREATE TABLE IF NOT EXISTS asset_peer_1m (
    bucket DateTime('UTC') COMMENT 'start of the interval that the record began in' CODEC(DoubleDelta, ZSTD(1)),
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
    samplingInterval SimpleAggregateFunction(max, UInt32) COMMENT '1 in N, the coarsest of them; 0 not known'
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(bucket)
ORDER BY (asset, bucket, peerAddress, protocol, port, fleet, sensor)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS asset_peer_1m_view TO asset_peer_1m AS
SELECT
    toStartOfMinute(flows.flowStartMilliseconds, 'UTC') AS bucket,
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
    max(flows.samplingInterval) AS samplingInterval
FROM flows
GROUP BY bucket, sensor, fleet, asset, peerAddress, protocol, port;

-- The same by the hour.
CREATE TABLE IF NOT EXISTS asset_peer_1h (
    bucket DateTime('UTC') COMMENT 'start of the interval that the record began in' CODEC(DoubleDelta, ZSTD(1)),
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
    samplingInterval SimpleAggregateFunction(max, UInt32) COMMENT '1 in N, the coarsest of them; 0 not known'
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(bucket)
ORDER BY (asset, bucket, peerAddress, protocol, port, fleet, sensor)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS asset_peer_1h_view TO asset_peer_1h AS
SELECT
    toStartOfHour(flows.flowStartMilliseconds, 'UTC') AS bucket,
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
    max(flows.samplingInterval) AS samplingInterval
FROM flows
GROUP BY bucket, sensor, fleet, asset, peerAddress, protocol, port;
