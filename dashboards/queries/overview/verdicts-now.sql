-- The latest verdict of every claim whose period touches the time range, worst first. A sentence begins with claim, period and verdict, which stand
-- in columns of their own: only what follows is shown.
SELECT
  word AS "Verdict",
  claim AS "Claim",
  text AS "What is claimed",
  replaceRegexpOne(sentence, '^\\S+ \\S+ (VIOLATED|NOT_PROVEN|VERIFIED): ', '') AS "Why",
  fleet AS "Fleet",
  severity AS "Severity",
  periodFrom AS "Period from",
  periodTo AS "Period to"
FROM (
  SELECT toString(verdict) AS word, claim, fleet, severity, text, sentence, periodFrom, periodTo, claimsId
  FROM cordon.verdicts_current
  WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(severity IN (${severity:singlequote}), $severity)
  ORDER BY periodTo DESC, revision DESC
  LIMIT 1 BY claimsId, claim, fleet
)
ORDER BY indexOf(['VIOLATED', 'NOT_PROVEN', 'VERIFIED'], word), indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), fleet, claim
LIMIT 500
