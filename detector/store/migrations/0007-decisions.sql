-- What people decide of findings, scopes and assets. Nothing is ever changed here: a decision is followed by another. A row stored twice is one row.
CREATE TABLE IF NOT EXISTS decisions (
    id String COMMENT '32 hex digits derived from the rest of the row',
    at DateTime64(3, 'UTC') COMMENT 'when it was taken, by the clock of that machine',
    effective DateTime64(3, 'UTC') COMMENT 'record time from which on the detector follows it',
    verb Enum8('acknowledge' = 0, 'expected' = 1, 'incident' = 2, 'noise' = 3, 'reopen' = 4, 'revoke' = 5, 'approve' = 6) COMMENT 'what was decided',
    author String COMMENT 'who decided',
    reason String COMMENT 'why',
    finding String COMMENT 'finding that it was taken on, empty for none',
    findingRevision UInt64 COMMENT 'revision of that finding then',
    severity Enum8('info' = 0, 'low' = 1, 'medium' = 2, 'high' = 3, 'critical' = 4) COMMENT 'severity of that finding then',
    sentence String COMMENT 'sentence of that finding then',
    detection LowCardinality(String) COMMENT 'scope: detection id, empty for any',
    claim LowCardinality(String) COMMENT 'scope: claim id, empty for any',
    fleet LowCardinality(String) COMMENT 'scope: fleet, empty for any',
    asset LowCardinality(String) COMMENT 'scope: asset, empty for any',
    peer String COMMENT 'scope: address or prefix of the peer, empty for any',
    peerName LowCardinality(String) COMMENT 'scope: declared set of the peer, empty for any',
    peerAsn UInt32 COMMENT 'scope: AS of the peer, 0 for any',
    protocol UInt8 COMMENT 'scope: IP protocol number, 0 for any',
    port UInt16 COMMENT 'scope: responder''s port, 0 for any',
    timezone LowCardinality(String) COMMENT 'scope: time zone of the time of day, empty where none is given',
    minuteFrom UInt16 COMMENT 'scope: first minute of the local day',
    minuteUntil UInt16 COMMENT 'scope: minute of the local day that it ends before; not later than minuteFrom: over midnight',
    until DateTime64(3, 'UTC') COMMENT 'holds until then by the clock; the epoch: for good',
    accepted String COMMENT 'approve: JSON list of prefixes outside that were accepted',
    revokes String COMMENT 'revoke: id of the decision that is taken back'
)
ENGINE = ReplacingMergeTree
ORDER BY (at, id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1;

-- Decisions that hold: without those that were taken back, and what was decided of a finding before it was reopened.
CREATE VIEW IF NOT EXISTS decisions_current AS
SELECT
    d.id AS id,
    d.at AS at,
    d.effective AS effective,
    d.verb AS verb,
    d.author AS author,
    d.reason AS reason,
    d.finding AS finding,
    d.findingRevision AS findingRevision,
    d.severity AS severity,
    d.sentence AS sentence,
    d.detection AS detection,
    d.claim AS claim,
    d.fleet AS fleet,
    d.asset AS asset,
    d.peer AS peer,
    d.peerName AS peerName,
    d.peerAsn AS peerAsn,
    d.protocol AS protocol,
    d.port AS port,
    d.timezone AS timezone,
    d.minuteFrom AS minuteFrom,
    d.minuteUntil AS minuteUntil,
    d.until AS until,
    d.accepted AS accepted,
    d.revokes AS revokes
FROM (SELECT * FROM decisions FINAL) AS d
LEFT JOIN (SELECT finding AS reopenedFinding, max(at) AS reopenedAt FROM decisions FINAL WHERE verb = 'reopen' GROUP BY finding) AS r ON r.reopenedFinding = d.finding
WHERE d.verb != 'revoke'
    AND d.id NOT IN (SELECT revokes FROM decisions FINAL WHERE verb = 'revoke')
    AND (d.finding = '' OR r.reopenedFinding = '' OR d.at >= r.reopenedAt);

-- Scopes that are muted, with those that have expired; a finding is muted while all that the row gives holds for it and `until` has not passed.
CREATE VIEW IF NOT EXISTS mutes AS SELECT *, until > now64(3) AS active FROM decisions_current WHERE verb IN ('noise', 'expected');
