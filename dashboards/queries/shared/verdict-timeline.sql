-- Verdict of every claim of `chosen` over time as a number the panel maps to words: 0 verified, 1 not proven, 2 violated; the worst in each interval.
SELECT
  toDateTime(second, 'UTC') AS time,
  label AS claim,
  max(state) AS "Verdict"
FROM (
  SELECT
    concat(claim, ' (', fleet, ')') AS label,
    multiIf(word = 'VIOLATED', 2, word = 'NOT_PROVEN', 1, 0) AS state,
    arrayJoin(range(
      toUInt32(intDiv(toUnixTimestamp(greatest(toDateTime(periodFrom), $__fromTime)), $__interval_s) * $__interval_s),
      toUInt32(toUnixTimestamp(least(toDateTime(periodTo), $__toTime))),
      toUInt32($__interval_s))) AS second
  FROM (
    SELECT toString(verdict) AS word, claim, fleet, periodFrom, periodTo
    FROM chosen
    ORDER BY revision DESC
    LIMIT 1 BY claimsId, claim, fleet, periodFrom
    LIMIT 2000
  )
)
GROUP BY time, claim
ORDER BY time, claim
