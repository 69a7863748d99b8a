-- How many claims stand where, by the latest verdict of each in the time range.
SELECT
  countIf(word = 'VIOLATED') AS "Violated",
  countIf(word = 'NOT_PROVEN') AS "Not proven",
  countIf(word = 'VERIFIED') AS "Verified"
FROM (
  SELECT toString(verdict) AS word
  FROM cordon.verdicts_current
  WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
  ORDER BY periodTo DESC, revision DESC
  LIMIT 1 BY claimsId, claim, fleet
)
