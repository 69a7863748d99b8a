-- Findings of the assets as marks on the time axis of every chart.
SELECT
  firstSeen AS time,
  lastSeen AS timeEnd,
  concat(asset, ': ', sentence) AS text,
  toString(severity) AS tags
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 100
