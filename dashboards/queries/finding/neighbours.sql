-- What else was found about the same assets in the time range, in order of time: one story, or two.
SELECT
  firstSeen AS "First seen",
  toString(severity) AS "Severity",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  id AS "Finding"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND asset IN (
    SELECT asset FROM cordon.findings_current
    WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
      AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
  )
ORDER BY firstSeen, id
LIMIT 300
