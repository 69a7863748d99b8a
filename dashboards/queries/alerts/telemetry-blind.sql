-- Seconds since anything arrived from each sensor heard in the range. By arrival: an exporter whose clock is behind is not silent. Where nothing at all was
-- heard, the one row says so.
SELECT sensor, toFloat64(greatest(0, toUnixTimestamp($__toTime) - arrival / 1000)) AS silence
FROM (
  SELECT
    toString(sensor) AS sensor,
    max(toUnixTimestamp64Milli(lastMessageMilliseconds) + if(isNaN(clockOffsetMilliseconds), 0, clockOffsetMilliseconds)) AS arrival
  FROM cordon.coverage
  WHERE minute >= $__fromTime AND minute <= $__toTime + INTERVAL 1 DAY AND messagesReceived > 0
  GROUP BY sensor
  UNION ALL
  SELECT '(no sensor)', toUnixTimestamp($__fromTime) * 1000.
  WHERE NOT EXISTS (SELECT 1 FROM cordon.coverage WHERE minute >= $__fromTime AND minute <= $__toTime + INTERVAL 1 DAY AND messagesReceived > 0)
)
ORDER BY silence DESC, sensor
LIMIT 500
