-- Verdicts that were computed more than once after their period was over: data came late and amended them.
SELECT
  claim AS "Claim",
  fleet AS "Fleet",
  periodFrom AS "Period from",
  count() AS "Times computed",
  arrayStringConcat(arrayMap(pair -> pair.2, arraySort(pair -> pair.1, groupArray((revision, toString(verdict))))), ' → ') AS "Verdicts",
  fromUnixTimestamp64Milli(toInt64(max(revision)), 'UTC') AS "Last computed"
FROM (SELECT DISTINCT claimsId, claim, fleet, periodFrom, verdict, revision FROM cordon.verdict_history WHERE periodFrom < $__toTime AND periodTo > $__fromTime)
GROUP BY claimsId, claim, fleet, periodFrom
ORDER BY count() DESC, periodFrom DESC, claim
LIMIT 300
