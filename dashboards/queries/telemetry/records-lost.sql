-- Data records that each sensor sent and that did not arrive, per interval.
SELECT
  $__timeInterval(bucket) AS time,
  sensor,
  sum(recordsLost) AS "Records lost"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
ORDER BY time, sensor
