-- What people decided of the finding, newest first.
SELECT
  at AS "When",
  toString(verb) AS "Decision",
  author AS "By",
  reason AS "Why",
  if(until <= toDateTime64(0, 3, 'UTC'), NULL, until) AS "Until",
  finding AS "Finding"
FROM cordon.decisions_current
WHERE finding != ''
  AND finding IN (SELECT id FROM cordon.findings_current WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime)
  AND $__conditionalAll(finding IN (${finding:singlequote}), $finding)
ORDER BY at DESC, id
LIMIT 200
