-- Stretches of five minutes and more in which a sensor that was heard before said nothing, as marks on the time axis.
SELECT
  toDateTime(previous + 60, 'UTC') AS time,
  toDateTime(at, 'UTC') AS timeEnd,
  concat(name, ' said nothing for ', toString(intDiv(at - previous - 60, 60)), ' min') AS text,
  'blind' AS tags
FROM (
  SELECT name, at, lagInFrame(at, 1, at) OVER (PARTITION BY name ORDER BY at ASC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS previous
  FROM (
    SELECT name, toInt64(toUnixTimestamp(hour)) + 60 * arrayJoin(bitPositionsToArray(minutes)) AS at
    FROM (
      SELECT toString(sensor) AS name, toStartOfHour(bucket, 'UTC') AS hour, groupBitOr(heard) AS minutes
      FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = 86400)
      GROUP BY name, hour
    )
    UNION ALL
    SELECT DISTINCT toString(sensor) AS name, toInt64(intDiv(toUnixTimestamp($__toTime), 60) * 60) AS at
    FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = 86400)
  )
)
WHERE at - previous > 360
ORDER BY at - previous DESC, time, name
LIMIT 100
