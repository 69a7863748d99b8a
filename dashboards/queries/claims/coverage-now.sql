-- How much was seen for the claims of the time range: the least observed of them, the longest blind stretch, and what was lost.
SELECT
  min(JSONExtractFloat(numbers, 'observedShare')) AS "Least observed",
  max(JSONExtractFloat(numbers, 'longestBlindMs')) / 1000 AS "Longest blind stretch",
  max(JSONExtractUInt(numbers, 'recordsLost')) AS "Records lost"
FROM (
  SELECT numbers
  FROM cordon.verdicts_current
  WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
    AND JSONHas(numbers, 'observedShare')
  ORDER BY periodTo DESC, revision DESC
  LIMIT 1 BY claimsId, claim, fleet
)
HAVING count() > 0
