-- Flow records that arrived from each sensor, per interval.
SELECT
  $__timeInterval(bucket) AS time,
  sensor,
  sum(recordsReceived) AS "Records"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
ORDER BY time, sensor
