-- Final verdicts as they were computed, newest first: a later row of the same period is an amendment by data that came late.
SELECT
  claim AS "Claim",
  toString(verdict) AS "Verdict",
  replaceRegexpOne(sentence, '^\\S+ \\S+ (VIOLATED|NOT_PROVEN|VERIFIED): ', '') AS "Why",
  periodFrom AS "Period from",
  periodTo AS "Period to",
  fromUnixTimestamp64Milli(toInt64(revision), 'UTC') AS "Computed at",
  claimsHash AS "Claim file (sha256)"
FROM cordon.verdict_history
WHERE periodFrom < $__toTime AND periodTo > $__fromTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
ORDER BY periodFrom DESC, "Claim", revision DESC
LIMIT 500
