-- Every verdict that was final when it was computed stays here for good: the first one, and each amendment by data that came later. `verdicts` keeps the
-- latest of each claim and period only.
CREATE TABLE IF NOT EXISTS verdict_history (
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
ENGINE = ReplacingMergeTree
ORDER BY (claimsId, claim, fleet, periodFrom, periodTo, revision)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS verdict_history_from_verdicts TO verdict_history AS
SELECT * FROM verdicts WHERE position(verdicts.reasons, '"code":"not-final"') = 0;

-- Of what was stored before, the latest is left.
INSERT INTO verdict_history SELECT * FROM verdicts FINAL WHERE position(verdicts.reasons, '"code":"not-final"') = 0;
