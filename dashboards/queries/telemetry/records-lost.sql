-- Data records that each sensor sent and that did not arrive, per interval.
SELECT
  $__timeInterval(minute) AS time,
  sensor,
  sum(recordsLost) AS "Records lost"
FROM cordon.coverage_minutes
WHERE minute >= toStartOfMinute($__fromTime) AND minute <= $__toTime
  AND $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
ORDER BY time, sensor
