-- How long the slowest exporter of each sensor held its newest flow back, in each interval.
SELECT $__timeInterval(started) AS time, owner AS sensor, max(least) / 1000 AS "Lag"
FROM (
  SELECT toString(sensor) AS owner, exporterIPv6Address, observationDomainId, exportProtocol, $__timeInterval(bucket) AS started, min(leastMilliseconds) AS least
  FROM cordon.exporter_lag_5m
  WHERE bucket >= $__fromTime AND bucket <= $__toTime
    AND $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
  GROUP BY owner, exporterIPv6Address, observationDomainId, exportProtocol, started
)
GROUP BY time, sensor
ORDER BY time, sensor
