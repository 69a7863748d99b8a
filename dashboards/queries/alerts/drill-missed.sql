-- Longest stretch without a drill, in seconds, of claims whose latest verdict says that drills were missing (reason canary-missing).
SELECT fleet, claim, max(seconds) AS without
FROM (
  SELECT
    toString(fleet) AS fleet,
    toString(claim) AS claim,
    arrayMax(arrayMap(
      reason -> if(JSONExtractString(reason, 'code') = 'canary-missing', JSONExtractFloat(reason, 'observed') / 1000, 0),
      arrayConcat(JSONExtractArrayRaw(reasons), ['{}']))) AS seconds
  FROM (
    SELECT claimsId, fleet, claim, reasons
    FROM cordon.verdicts_current
    WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    ORDER BY periodTo DESC, revision DESC
    LIMIT 1 BY claimsId, claim, fleet
  )
  UNION ALL
  SELECT '(none)', '(none)', 0.
)
GROUP BY fleet, claim
ORDER BY without DESC, fleet, claim
LIMIT 500
