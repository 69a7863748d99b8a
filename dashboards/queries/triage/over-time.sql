-- Findings by when they began and by kind, per interval.
SELECT
  $__timeInterval(firstSeen) AS time,
  if(claim = '', detection, claim) AS kind,
  count() AS "Findings"
FROM cordon.findings_current
WHERE firstSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
GROUP BY time, kind
ORDER BY time, kind
LIMIT 5000
