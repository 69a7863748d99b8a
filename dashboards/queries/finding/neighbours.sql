-- What else was found about the same assets in the time range, in order of time: one story, or two. What is said of a fleet (it counts assets) stands beside
-- what is said of its assets, whichever of the two is chosen.
WITH (
  SELECT (groupUniqArray(toString(asset)), groupUniqArray(toString(fleet)), groupUniqArrayIf(toString(fleet), unit = 'assets'))
  FROM cordon.findings_current
  WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
    AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
) AS chosen
SELECT
  firstSeen AS "First seen",
  toString(severity) AS "Severity",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  id AS "Finding"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND (has(chosen.1, asset) OR has(chosen.3, fleet) OR (unit = 'assets' AND has(chosen.2, fleet)))
ORDER BY firstSeen, id
LIMIT 300
