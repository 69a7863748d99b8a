-- Claims that were violated in the running period or in one that ended within the range: a new day does not end the alert of yesterday's violation.
SELECT fleet, claim, severity, toFloat64(sum(violated)) AS periods
FROM (
  SELECT toString(fleet) AS fleet, toString(claim) AS claim, toString(severity) AS severity, 1 AS violated
  FROM cordon.verdicts_current
  WHERE verdict = 'VIOLATED' AND periodFrom < $__toTime AND periodTo > $__fromTime
  UNION ALL
  SELECT '(none)', '(none)', 'info', 0
)
GROUP BY fleet, claim, severity
ORDER BY periods DESC, fleet, claim, severity
LIMIT 500
