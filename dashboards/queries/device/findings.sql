-- Findings of the assets with records inside the time range, worst and latest first.
SELECT
  toString(severity) AS "Severity",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  observed AS "Observed",
  expected AS "Expected",
  unit AS "Unit",
  firstSeen AS "First seen",
  lastSeen AS "Last seen"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 300
