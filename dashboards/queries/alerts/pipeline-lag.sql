-- How far each stage is behind the one before it, in seconds. exporter, with its sensor and address: how long it held back its newest flow of the range. ledger: the newest message of any sensor behind the clock. rows: the newest stored flow record
-- behind the newest minute that the ledger says to have given records. verdicts: the newest judged record behind the newest stored one. Where a stage has
-- nothing within the range and the one before it has, it is behind by the range. Clocks that are ahead count as now.
WITH
  toUnixTimestamp($__fromTime) AS earliest,
  toUnixTimestamp($__toTime) AS latest,
  (
    SELECT max(toUnixTimestamp64Milli(lastMessageMilliseconds) + if(isNaN(clockOffsetMilliseconds), 0, clockOffsetMilliseconds)) / 1000
    FROM cordon.coverage WHERE minute >= $__fromTime AND minute <= $__toTime + INTERVAL 1 DAY
  ) AS ledger,
  (
    SELECT maxIf(toUnixTimestamp64Milli(minute), recordsProduced > 0) / 1000
    FROM cordon.coverage WHERE minute >= $__fromTime AND minute <= $__toTime + INTERVAL 1 DAY
  ) AS produced,
  (
    SELECT max(toUnixTimestamp64Milli(greatest(exportTimeMilliseconds, flowEndMilliseconds))) / 1000
    FROM cordon.flows WHERE flowStartMilliseconds >= $__fromTime AND flowStartMilliseconds <= $__toTime + INTERVAL 1 DAY
  ) AS stored,
  (
    SELECT max(toUnixTimestamp64Milli(flowEndMilliseconds)) / 1000
    FROM cordon.flows WHERE flowStartMilliseconds >= $__fromTime AND flowStartMilliseconds <= $__toTime + INTERVAL 1 DAY
  ) AS ended,
  (
    SELECT max(toUnixTimestamp64Milli(last)) / 1000
    FROM cordon.judgements WHERE kind = 'judged' AND claim = '' AND last >= $__fromTime AND periodFrom >= $__fromTime - INTERVAL 40 DAY
  ) AS judged,
  (at -> least(latest, greatest(earliest, ifNull(at, 0)))) AS within
SELECT stage, lag
FROM (
  SELECT pair.1 AS stage, toFloat64(greatest(0, ifNull(pair.2, 0))) AS lag
  FROM (
    SELECT arrayJoin([
      ('ledger', latest - within(ledger)),
      ('rows', if(ifNull(produced, 0) = 0, 0, within(produced) - within(stored))),
      ('verdicts', if(ifNull(ended, 0) = 0, 0, within(ended) - within(judged)))
    ]) AS pair
  )
  UNION ALL
  SELECT stage, max(held) AS lag
  FROM (
    SELECT
      concat('exporter ', toString(sensor), ' ', replaceRegexpOne(toString(exporterIPv6Address), '^::ffff:', '')) AS stage,
      toFloat64(greatest(0, argMax(least, bucket))) / 1000 AS held
    FROM (
      SELECT sensor, exporterIPv6Address, observationDomainId, exportProtocol, bucket, min(leastMilliseconds) AS least
      FROM cordon.exporter_lag_5m
      WHERE bucket >= $__fromTime AND bucket <= $__toTime
      GROUP BY sensor, exporterIPv6Address, observationDomainId, exportProtocol, bucket
    )
    GROUP BY sensor, exporterIPv6Address, observationDomainId, exportProtocol
  )
  GROUP BY stage
)
ORDER BY lag DESC, stage
LIMIT 500
