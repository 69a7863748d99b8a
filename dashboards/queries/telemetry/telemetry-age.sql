-- Age of the last message of every sensor at the end of the time range; sensors heard in the seven days before it.
SELECT
  sensor AS "Sensor",
  greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(max(lastMessageMilliseconds)) / 1000) AS "Age"
FROM cordon.coverage_between(from = $__toTime - 604800, to = $__toTime, step = 86400)
WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY sensor
ORDER BY "Age" DESC, sensor
LIMIT 50
