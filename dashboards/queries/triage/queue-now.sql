-- What waits for somebody: open findings, the oldest of them, and how many somebody looks after or has closed.
WITH
-- include shared/standing
SELECT
  countIf(state = 'open') AS "Open",
  countIf(state = 'open' AND severity IN ('critical', 'high')) AS "Open, high or critical",
  countIf(state = 'acknowledged') AS "Acknowledged",
  countIf(state = 'closed') AS "Closed",
  if(countIf(state = 'open') = 0, 0,
    greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(minIf(firstSeen, state = 'open')) / 1000)) AS "Oldest open"
FROM standing
WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
HAVING count() > 0
