-- What people decided of the finding, newest first; nothing is ever taken out of this list, what does not hold any more is marked.
WITH held AS (SELECT id FROM cordon.decisions_current)
SELECT
  at AS "When",
  toString(verb) AS "Decision",
  author AS "By",
  reason AS "Why",
  if(until <= toDateTime64(0, 3, 'UTC'), NULL, until) AS "Until",
  multiIf(
    id IN (SELECT revokes FROM cordon.decisions WHERE verb = 'revoke'), 'taken back',
    id NOT IN (SELECT id FROM held), 'reopened since',
    until > toDateTime64(0, 3, 'UTC') AND until <= now64(3), 'expired',
    '') AS "Standing",
  finding AS "Finding"
FROM (SELECT DISTINCT * FROM cordon.decisions WHERE finding != '')
WHERE finding IN (SELECT id FROM cordon.findings_current WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime)
  AND $__conditionalAll(finding IN (${finding:singlequote}), $finding)
ORDER BY at DESC, id
LIMIT 200
