-- What waits for somebody: findings on which nothing was decided, the oldest of them, and how many were decided on in the range.
WITH decided AS (SELECT DISTINCT finding FROM cordon.decisions_current WHERE finding != '')
SELECT
  countIf(id NOT IN (SELECT finding FROM decided)) AS "Open",
  countIf(id NOT IN (SELECT finding FROM decided) AND severity IN ('critical', 'high')) AS "Open, high or critical",
  countIf(id IN (SELECT finding FROM decided)) AS "Decided",
  if(countIf(id NOT IN (SELECT finding FROM decided)) = 0, 0,
    greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(minIf(firstSeen, id NOT IN (SELECT finding FROM decided))) / 1000)) AS "Oldest open"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
HAVING count() > 0
