-- The queue: what nobody decided on first, then by severity and age. The id leads to the finding.
WITH decided AS (
  SELECT finding, argMax(toString(verb), at) AS verb, argMax(author, at) AS author
  FROM cordon.decisions_current
  WHERE finding != ''
  GROUP BY finding
)
SELECT
  toString(severity) AS "Severity",
  if(decided.verb = '', 'open', decided.verb) AS "State",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  confidence AS "Sure",
  greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(firstSeen) / 1000) AS "Age",
  lastSeen AS "Last seen",
  decided.author AS "By",
  id AS "Finding"
FROM cordon.findings_current AS f
LEFT JOIN decided ON decided.finding = f.id
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
ORDER BY decided.verb != '', f.severity DESC, firstSeen, id
LIMIT 500
