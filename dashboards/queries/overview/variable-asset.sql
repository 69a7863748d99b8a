-- Assets that a finding or a flow of the time range speaks of.
SELECT DISTINCT asset
FROM (
  SELECT toString(asset) AS asset FROM cordon.findings_current WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  UNION ALL
  SELECT DISTINCT toString(asset) AS asset FROM cordon.asset_peers WHERE lastMet >= toStartOfHour($__fromTime) AND firstMet <= $__toTime
)
WHERE asset != ''
ORDER BY asset
LIMIT 5000
