-- Share of each interval in which a sensor said nothing at all: minutes without any of its messages. 1 is blind.
WITH heard AS (
  SELECT sensor, second, sum(bitCount(minutes)) AS told
  FROM (
    SELECT sensor, toUInt32(intDiv(toUnixTimestamp(bucket), $__interval_s) * $__interval_s) AS second, groupBitOr(heard) AS minutes
    FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
    WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
    GROUP BY sensor, second, toStartOfHour(bucket)
  )
  GROUP BY sensor, second
)
SELECT toDateTime(at, 'UTC') AS time, name AS sensor, greatest(0, 1 - sum(minutesHeard) / greatest(1, intDiv($__interval_s, 60))) AS "Silent"
FROM (
  SELECT sensor AS name, second AS at, told AS minutesHeard FROM heard
  UNION ALL
  SELECT name,
    arrayJoin(range(
      toUInt32(intDiv(toUnixTimestamp($__fromTime), $__interval_s) * $__interval_s),
      toUInt32(toUnixTimestamp($__toTime)),
      toUInt32($__interval_s))) AS at,
    toUInt64(0) AS minutesHeard
  FROM (SELECT DISTINCT sensor AS name FROM heard)
)
GROUP BY time, sensor
ORDER BY time, sensor
