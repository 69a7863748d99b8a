-- Fleets that a verdict, a finding or a flow of the time range speaks of.
SELECT DISTINCT fleet
FROM (
  SELECT toString(fleet) AS fleet FROM cordon.verdicts_current WHERE periodFrom < $__toTime AND periodTo > $__fromTime
  UNION ALL
  SELECT toString(fleet) AS fleet FROM cordon.findings_current WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  UNION ALL
  SELECT DISTINCT toString(fleet) AS fleet FROM cordon.asset_peers WHERE lastMet >= toStartOfHour($__fromTime) AND firstMet <= $__toTime
)
WHERE fleet != ''
ORDER BY fleet
LIMIT 1000
