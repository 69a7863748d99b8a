-- What broke the claims: findings inside the time range, worst and latest first.
SELECT
  toString(severity) AS "Severity",
  claim AS "Claim",
  asset AS "Asset",
  sentence AS "Why",
  firstSeen AS "First seen",
  lastSeen AS "Last seen"
FROM cordon.findings_current
WHERE claim != '' AND lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 500
