-- Octets out per interval, beside the same time a week before; an interval without records is nought and no gap.
WITH buckets AS (
  SELECT bucket, asset, peerAddress, protocol, port, sensor, octetsOut, 'this range' AS series
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  UNION ALL
  SELECT bucket + INTERVAL 7 DAY, asset, peerAddress, protocol, port, sensor, octetsOut, 'a week before' AS series
  FROM cordon.asset_peer_between(from = $__fromTime - 604800, to = $__toTime - 604800, step = $__interval_s)
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
),
counted AS (
  SELECT interval, series, sum(octets) AS sent
  FROM (
    SELECT interval, series, max(counted) AS octets
    FROM (
      SELECT $__timeInterval(bucket) AS interval, series, asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS counted
      FROM buckets
      GROUP BY interval, series, asset, peerAddress, protocol, port, sensor
    )
    GROUP BY interval, series, asset, peerAddress, protocol, port
  )
  GROUP BY interval, series
)
SELECT toDateTime(second, 'UTC') AS time, line AS series, sum(octets) AS "Octets out"
FROM (
  SELECT toUInt32(toUnixTimestamp(interval)) AS second, series AS line, sent AS octets FROM counted
  UNION ALL
  SELECT
    arrayJoin(range(
      toUInt32(intDiv(toUnixTimestamp($__fromTime), $__interval_s) * $__interval_s),
      toUInt32(toUnixTimestamp($__toTime)),
      toUInt32($__interval_s))) AS second,
    line,
    toUInt64(0) AS octets
  FROM (SELECT DISTINCT series AS line FROM counted)
)
GROUP BY time, series
ORDER BY time, series
