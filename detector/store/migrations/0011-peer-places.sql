-- Where peers are, by the operator's location data: a row for each peer of asset_peers, looked up by the process that stores, anew when the data has changed.
CREATE TABLE IF NOT EXISTS peer_places (
    peerAddress IPv6 COMMENT 'the other end',
    scope Enum8('internet' = 0, 'special' = 1) COMMENT 'special: private, link-local, multicast and the like, in no country and no AS',
    country LowCardinality(String) COMMENT 'two letters, empty when the location data does not tell',
    asn UInt32 COMMENT 'AS number, 0 when the location data does not tell',
    asName String COMMENT 'name of the AS, empty when the location data has none',
    countryData LowCardinality(String) COMMENT 'sha256 of the location data that was asked for the country, empty for none',
    asnData LowCardinality(String) COMMENT 'sha256 of the location data that was asked for the AS number, empty for none',
    located DateTime64(3, 'UTC') COMMENT 'when it was looked up; the latest is current'
)
ENGINE = ReplacingMergeTree(located)
ORDER BY peerAddress
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- What screens say of a peer. Peers that are not here are not looked up yet: unknown, as those that the data does not tell.
CREATE OR REPLACE VIEW peer_places_current AS
SELECT
    p.peerAddress AS peerAddress,
    multiIf(p.scope = 'special', 'local', p.country = '', 'unknown', toString(p.country)) AS country,
    if(p.asn = 0, '', concat('AS', toString(p.asn), if(p.asName = '', '', concat(' ', p.asName)))) AS system
FROM peer_places AS p FINAL;
