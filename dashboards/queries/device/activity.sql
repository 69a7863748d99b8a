-- Share of the minutes of each interval in which the asset sent something, by sensor: one bit a minute. Nought where a sensor that told of it has none.
SELECT toDateTime(second, 'UTC') AS time, name AS sensor, least(1, sum(minutesActive) / greatest(1, intDiv($__interval_s, 60))) AS "Active"
FROM (
  SELECT toString(sensor) AS name, toUInt32(intDiv(toUnixTimestamp(hour), $__interval_s) * $__interval_s) AS second, sum(bitCount(bits)) AS minutesActive
  FROM (
    SELECT sensor, hour, groupBitOr(minutes) AS bits
    FROM cordon.asset_activity
    WHERE hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
      AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
    GROUP BY sensor, hour
  )
  GROUP BY name, second
  UNION ALL
  SELECT name,
    arrayJoin(range(
      toUInt32(intDiv(toUnixTimestamp($__fromTime), $__interval_s) * $__interval_s),
      toUInt32(toUnixTimestamp($__toTime)),
      toUInt32($__interval_s))) AS second,
    toUInt64(0) AS minutesActive
  FROM (
    SELECT DISTINCT toString(sensor) AS name
    FROM cordon.asset_activity
    WHERE hour >= toStartOfHour($__fromTime) AND hour <= $__toTime
      AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  )
)
GROUP BY time, sensor
ORDER BY time, sensor
