-- What verdicts need to know of the records judged, beside findings. Counts of a key only grow: the row with the most records is the current one.
CREATE TABLE IF NOT EXISTS judgements (
    claimsHash LowCardinality(String) COMMENT 'sha256 of the claim file',
    unit LowCardinality(String) COMMENT 'unit of the detector: an asset, or a fleet that is judged as a whole',
    fleet LowCardinality(String) COMMENT 'fleet',
    kind Enum8('judged' = 0, 'excused' = 1, 'undecided' = 2, 'drill' = 3) COMMENT 'what the records have in common',
    claim LowCardinality(String) COMMENT 'claim id, empty where it is about the records themselves',
    about LowCardinality(String) COMMENT 'asset (judged), exception (excused), code (undecided), drill',
    periodFrom DateTime64(3, 'UTC') COMMENT 'start of the calendar period',
    first DateTime64(3, 'UTC') COMMENT 'start of the earliest record',
    last DateTime64(3, 'UTC') COMMENT 'end of the latest record',
    flows UInt64 COMMENT 'connections, as far as they can be told apart',
    records UInt64 COMMENT 'flow records; the highest is current',
    octets UInt64 COMMENT 'octets both ways, times the sampling interval'
)
ENGINE = ReplacingMergeTree(records)
ORDER BY (claimsHash, periodFrom, unit, kind, claim, about)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS judgements_current AS SELECT * FROM judgements FINAL;
