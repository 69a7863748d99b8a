-- Findings with records inside the time range that nobody has closed, counted by severity.
WITH
-- include shared/standing
SELECT
  countIf(severity = 'critical') AS "Critical",
  countIf(severity = 'high') AS "High",
  countIf(severity = 'medium') AS "Medium",
  countIf(severity = 'low') AS "Low",
  countIf(severity = 'info') AS "Info"
FROM standing
WHERE state != 'closed'
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
