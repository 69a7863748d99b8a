-- Sensors heard in the time range or in the seven days before its end.
SELECT DISTINCT toString(sensor) AS sensor
FROM cordon.coverage_between(from = least($__fromTime, $__toTime - 604800), to = $__toTime, step = 86400)
ORDER BY sensor
LIMIT 2000
