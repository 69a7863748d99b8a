-- Share of each interval in which a sensor said nothing at all: minutes without any of its messages. 1 is blind.
WITH minutes AS (
  SELECT DISTINCT sensor, minute
  FROM cordon.coverage_minutes
  WHERE minute >= toStartOfMinute($__fromTime) AND minute <= $__toTime
    AND $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
)
SELECT toDateTime(second, 'UTC') AS time, sensor, greatest(0, 1 - heard / greatest(1, intDiv($__interval_s, 60))) AS "Silent"
FROM (
  SELECT sensor, second, countIf(said) AS heard
  FROM (
    SELECT sensor, toUInt32(intDiv(toUnixTimestamp(minute), $__interval_s) * $__interval_s) AS second, true AS said FROM minutes
    UNION ALL
    SELECT sensor,
      arrayJoin(range(
        toUInt32(intDiv(toUnixTimestamp($__fromTime), $__interval_s) * $__interval_s),
        toUInt32(toUnixTimestamp($__toTime)),
        toUInt32($__interval_s))) AS second,
      false AS said
    FROM (SELECT DISTINCT sensor FROM minutes)
  )
  GROUP BY sensor, second
)
ORDER BY time, sensor
