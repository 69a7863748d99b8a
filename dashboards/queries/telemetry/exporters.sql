-- One row an exporter: when it was last heard, what arrived, what did not, what could not be read, its sampling and its clock.
SELECT
  sensor AS "Sensor",
  replaceRegexpOne(toString(exporterIPv6Address), '^::ffff:', '') AS "Exporter",
  observationDomainId AS "Domain",
  exportProtocol AS "Protocol",
  greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(max(lastMessageMilliseconds)) / 1000) AS "Age",
  sum(recordsReceived) AS "Records",
  sum(recordsLost) AS "Lost",
  if(sum(recordsSent) = 0, 0, sum(recordsLost) / sum(recordsSent)) AS "Lost share",
  sum(recordsUndecodable) + sum(recordsMalformed) AS "Unread",
  sum(templatesMissing) AS "Templates missing",
  sum(templatesChanged) AS "Templates redefined",
  sum(restarts) AS "Restarts",
  sum(kernelDrops) + sum(messagesOverrun) AS "Dropped",
  max(samplingInterval) AS "Sampling 1 in",
  if(isInfinite(min(clockOffsetMilliseconds)), NULL, min(clockOffsetMilliseconds)) AS "Clock offset"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = 86400)
WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY "Sensor", "Exporter", "Domain", "Protocol"
ORDER BY "Age" DESC, "Sensor", "Exporter", "Domain"
LIMIT 500
