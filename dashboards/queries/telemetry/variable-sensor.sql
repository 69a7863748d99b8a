-- Sensors heard in the time range or in the seven days before its end.
SELECT DISTINCT toString(sensor) AS sensor
FROM cordon.coverage_minutes
WHERE minute >= least(toStartOfMinute($__fromTime), $__toTime - INTERVAL 7 DAY) AND minute <= $__toTime
ORDER BY sensor
LIMIT 2000
