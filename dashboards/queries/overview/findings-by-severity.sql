-- Findings with records inside the time range, counted by severity.
SELECT
  countIf(level = 'critical') AS "Critical",
  countIf(level = 'high') AS "High",
  countIf(level = 'medium') AS "Medium",
  countIf(level = 'low') AS "Low",
  countIf(level = 'info') AS "Info"
FROM (
  SELECT toString(severity) AS level
  FROM cordon.findings_current
  WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
    AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
)
