-- When rules of claims are in force that name a time, and exceptions, as the judged periods had them: what screens say of sessions inside and outside of them.
CREATE TABLE IF NOT EXISTS claim_windows (
    claimsId LowCardinality(String) COMMENT 'id of the claim file',
    claimsHash LowCardinality(String) COMMENT 'sha256 of the claim file',
    claim LowCardinality(String) COMMENT 'claim id',
    fleet LowCardinality(String) COMMENT 'subject of the claim',
    kind Enum8('window' = 0, 'exception' = 1) COMMENT 'window of a rule, or exception to the claim',
    window LowCardinality(String) COMMENT 'name of the window, id of the exception',
    rule UInt16 COMMENT 'position of the rule in its claim, of the exception among those of its claim',
    effect Enum8('allows' = 0, 'forbids' = 1, 'limits' = 2) COMMENT 'what the rule says of the traffic inside',
    periodFrom DateTime64(3, 'UTC') COMMENT 'start of the judged period, or of the part of it in which the claims are in force',
    opens DateTime64(3, 'UTC') COMMENT 'when it opens',
    closes DateTime64(3, 'UTC') COMMENT 'when it closes, without the overrun; as opens where it did not open in the period',
    ticket String COMMENT 'ticket of the approval or of the exception, empty for none',
    approvedBy String COMMENT 'who approved, empty where nobody has to',
    peers String COMMENT 'JSON list of [first, last] address of the peers that the rule means',
    ports String COMMENT 'JSON list of [protocol, first, last] port; empty list: every protocol and port',
    withdrawn UInt8 COMMENT '1: the claims in force for the period have no such window',
    revision UInt64 COMMENT 'ms since the epoch when it was written; the highest is current'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (claimsId, periodFrom, claim, kind, rule, window, opens, ticket)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS claim_windows_current AS SELECT * FROM claim_windows FINAL WHERE withdrawn = 0;
