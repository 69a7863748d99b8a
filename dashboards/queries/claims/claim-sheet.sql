-- One row a claim: what is claimed, what stands, and the numbers that it rests on. Absent numbers are left empty: they do not apply, or nothing is known.
SELECT
  word AS "Verdict",
  claim AS "Claim",
  text AS "What is claimed",
  replaceRegexpOne(sentence, '^\\S+ \\S+ (VIOLATED|NOT_PROVEN|VERIFIED): ', '') AS "Why",
  if(JSONHas(numbers, 'observedShare'), JSONExtractFloat(numbers, 'observedShare'), NULL) AS "Observed",
  if(JSONHas(numbers, 'longestBlindMs'), JSONExtractFloat(numbers, 'longestBlindMs') / 1000, NULL) AS "Longest blind",
  if(JSONHas(numbers, 'flowsJudged'), JSONExtractUInt(numbers, 'flowsJudged'), NULL) AS "Flows judged",
  if(JSONHas(numbers, 'recordsLost'), JSONExtractUInt(numbers, 'recordsLost'), NULL) AS "Records lost",
  if(JSONHas(numbers, 'hideableOctets'), JSONExtractFloat(numbers, 'hideableOctets'), NULL) AS "Could have hidden",
  if(JSONHas(numbers, 'exceptionsUsed'), JSONExtractUInt(numbers, 'exceptionsUsed'), NULL) AS "Exceptions used",
  if(JSONHas(numbers, 'drillsSeen'), JSONExtractUInt(numbers, 'drillsSeen'), NULL) AS "Drills seen",
  fleet AS "Fleet",
  periodFrom AS "Period from",
  periodTo AS "Period to"
FROM (
  SELECT toString(verdict) AS word, claim, fleet, text, sentence, numbers, periodFrom, periodTo, claimsId
  FROM cordon.verdicts_current
  WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
  ORDER BY verdicts_current.periodTo DESC, revision DESC
  LIMIT 1 BY claimsId, claim, fleet
)
ORDER BY indexOf(['VIOLATED', 'NOT_PROVEN', 'VERIFIED'], word), fleet, claim
LIMIT 500
