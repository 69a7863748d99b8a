-- Octets out per interval, beside the same time a week before; an interval without records is nought and no gap.
WITH buckets AS (
  SELECT bucket, asset, peerAddress, protocol, port, sensor, octetsOut, 'this range' AS series FROM cordon.asset_peer_1m
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) <= 172800
    AND bucket >= toStartOfMinute($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  UNION ALL
  SELECT bucket + INTERVAL 7 DAY, asset, peerAddress, protocol, port, sensor, octetsOut, 'a week before' AS series FROM cordon.asset_peer_1m
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) <= 172800
    AND bucket >= toStartOfMinute($__fromTime) - INTERVAL 7 DAY AND bucket <= $__toTime - INTERVAL 7 DAY
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  UNION ALL
  SELECT bucket, asset, peerAddress, protocol, port, sensor, octetsOut, 'this range' AS series FROM cordon.asset_peer_1h
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) > 172800
    AND bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  UNION ALL
  SELECT bucket + INTERVAL 7 DAY, asset, peerAddress, protocol, port, sensor, octetsOut, 'a week before' AS series FROM cordon.asset_peer_1h
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) > 172800
    AND bucket >= toStartOfHour($__fromTime) - INTERVAL 7 DAY AND bucket <= $__toTime - INTERVAL 7 DAY
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
)
SELECT toDateTime(second, 'UTC') AS time, series, sum(octets) AS "Octets out"
FROM (
  SELECT toUInt32(toUnixTimestamp(interval)) AS second, series, octets
  FROM (
    SELECT interval, series, max(counted) AS octets
    FROM (
      SELECT $__timeInterval(bucket) AS interval, series, asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS counted
      FROM buckets
      GROUP BY interval, series, asset, peerAddress, protocol, port, sensor
    )
    GROUP BY interval, series, asset, peerAddress, protocol, port
  )
  UNION ALL
  SELECT
    arrayJoin(range(
      toUInt32(intDiv(toUnixTimestamp($__fromTime), $__interval_s) * $__interval_s),
      toUInt32(toUnixTimestamp($__toTime)),
      toUInt32($__interval_s))) AS second,
    series,
    toUInt64(0) AS octets
  FROM (SELECT DISTINCT series FROM buckets)
)
GROUP BY time, series
ORDER BY time, series
