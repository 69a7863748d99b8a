-- What counted neither as held nor as broken: exceptions used, traffic that nobody can decide, drills. Periods that touch the time range.
SELECT
  toString(kind) AS "Kind",
  claim AS "Claim",
  about AS "Exception, doubt or drill",
  fleet AS "Fleet",
  flows AS "Flows",
  octets AS "Octets",
  first AS "First seen",
  last AS "Last seen"
FROM cordon.judgements_current
WHERE kind != 'judged' AND last >= $__fromTime AND first <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll((claim = '' OR claim IN (${claim:singlequote})), $claim)
ORDER BY last DESC, "Kind", "Claim", "Exception, doubt or drill"
LIMIT 500
