-- Claims that have a verdict in the time range.
SELECT DISTINCT toString(claim) AS claim
FROM cordon.verdicts_current
WHERE periodFrom < $__toTime AND periodTo > $__fromTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
ORDER BY claim
LIMIT 2000
