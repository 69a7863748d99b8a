-- Offset of each exporter's clock, arrival minus export time, the smallest of each interval: positive where its clock is behind ours.
SELECT
  $__timeInterval(minute) AS time,
  sensor,
  min(clockOffsetMilliseconds) AS "Clock offset"
FROM cordon.coverage_minutes
WHERE minute >= toStartOfMinute($__fromTime) AND minute <= $__toTime AND NOT isNaN(clockOffsetMilliseconds)
  AND $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
ORDER BY time, sensor
