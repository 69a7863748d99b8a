-- Flow records that arrived from each sensor, per interval.
SELECT
  $__timeInterval(minute) AS time,
  sensor,
  sum(recordsReceived) AS "Records"
FROM cordon.coverage_minutes
WHERE minute >= toStartOfMinute($__fromTime) AND minute <= $__toTime
  AND $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
ORDER BY time, sensor
