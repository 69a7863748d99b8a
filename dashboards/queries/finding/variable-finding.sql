-- Findings of the time range, worst and latest first.
SELECT id AS finding
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 1000
