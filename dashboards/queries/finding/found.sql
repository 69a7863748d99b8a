-- What was found, and the numbers that made it.
SELECT
  toString(severity) AS "Severity",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  rule AS "Rule",
  observed AS "Observed",
  expected AS "Expected",
  unit AS "Unit",
  confidence AS "Sure",
  toString(completion) AS "Completion",
  sessions AS "Connections",
  windowFrom AS "Window from",
  windowTo AS "Window to",
  id AS "Finding"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 100
