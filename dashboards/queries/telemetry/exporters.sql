-- One row an exporter: when it was last heard, how far its flows are behind, what arrived, what did not, what could not be read, its sampling and its clock. The lag
-- is that of the last five minutes of the range's last day in which it told of a flow: what it held back itself, and what came between it and us.
SELECT
  heard.sensor AS "Sensor",
  replaceRegexpOne(toString(heard.exporter), '^::ffff:', '') AS "Exporter",
  heard.domain AS "Domain",
  heard.protocol AS "Protocol",
  heard.age AS "Age",
  if(lags.buckets = 0, NULL, (lags.held + if(isInfinite(heard.clock), 0, heard.clock)) / 1000) AS "Lag",
  heard.received AS "Records",
  heard.lost AS "Lost",
  heard.share AS "Lost share",
  heard.unread AS "Unread",
  heard.missing AS "Templates missing",
  heard.redefined AS "Templates redefined",
  heard.started AS "Restarts",
  heard.dropped AS "Dropped",
  heard.sampling AS "Sampling 1 in",
  if(isInfinite(heard.clock), NULL, heard.clock) AS "Clock offset"
FROM (
  SELECT
    sensor,
    exporterIPv6Address AS exporter,
    observationDomainId AS domain,
    exportProtocol AS protocol,
    greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(max(lastMessageMilliseconds)) / 1000) AS age,
    sum(recordsReceived) AS received,
    sum(recordsLost) AS lost,
    if(sum(recordsSent) = 0, 0, sum(recordsLost) / sum(recordsSent)) AS share,
    sum(recordsUndecodable) + sum(recordsMalformed) AS unread,
    sum(templatesMissing) AS missing,
    sum(templatesChanged) AS redefined,
    sum(restarts) AS started,
    sum(kernelDrops) + sum(messagesOverrun) AS dropped,
    max(samplingInterval) AS sampling,
    min(clockOffsetMilliseconds) AS clock
  FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
  GROUP BY sensor, exporter, domain, protocol
) AS heard
LEFT JOIN (
  SELECT sensor, exporter, domain, protocol, argMax(least, bucket) AS held, count() AS buckets
  FROM (
    SELECT sensor, exporterIPv6Address AS exporter, observationDomainId AS domain, exportProtocol AS protocol, bucket, min(leastMilliseconds) AS least
    FROM cordon.exporter_lag_5m
    WHERE bucket >= greatest($__fromTime, $__toTime - 86400) AND bucket <= $__toTime
    GROUP BY sensor, exporter, domain, protocol, bucket
  )
  GROUP BY sensor, exporter, domain, protocol
) AS lags USING (sensor, exporter, domain, protocol)
ORDER BY "Age" DESC, "Sensor", "Exporter", "Domain"
LIMIT 500
