-- Offset of each exporter's clock, arrival minus export time, the smallest of each interval: positive where its clock is behind ours.
SELECT
  $__timeInterval(bucket) AS time,
  sensor,
  min(clockOffsetMilliseconds) AS "Clock offset"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
WHERE isFinite(clockOffsetMilliseconds)
  AND $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
ORDER BY time, sensor
