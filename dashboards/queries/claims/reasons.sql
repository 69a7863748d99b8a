-- Why each verdict is what it is: every reason with what was observed and what the claim demands. That coverage was met is no reason to read.
SELECT
  claim AS "Claim",
  word AS "Verdict",
  periodFrom AS "Period from",
  JSONExtractString(reason, 'code') AS "Reason",
  JSONExtractString(reason, 'about') AS "About",
  JSONExtractFloat(reason, 'observed') AS "Observed",
  JSONExtractFloat(reason, 'demanded') AS "Demanded",
  JSONExtractString(reason, 'unit') AS "Unit",
  JSONExtractString(reason, 'sentence') AS "In words"
FROM (
  SELECT claim, fleet, toString(verdict) AS word, periodFrom, arrayJoin(JSONExtractArrayRaw(reasons)) AS reason
  FROM cordon.verdicts_current
  WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
)
WHERE JSONExtractString(reason, 'code') != 'coverage-met'
ORDER BY periodFrom DESC, "Claim", "Reason", "About"
LIMIT 1000
