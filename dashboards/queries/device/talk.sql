-- Flow records per interval with each of the ten peers that the assets talked with most often: the rhythm of the equipment.
WITH buckets AS (
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut, octetsIn, records, attempts FROM cordon.asset_peer_1m
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) <= 172800
    AND bucket >= toStartOfMinute($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  UNION ALL
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut, octetsIn, records, attempts FROM cordon.asset_peer_1h
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) > 172800
    AND bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
)
SELECT interval AS time, replaceRegexpOne(toString(peerAddress), '^::ffff:', '') AS peer, max(counted) AS "Records"
FROM (
  SELECT $__timeInterval(bucket) AS interval, peerAddress, sensor, sum(records) AS counted
  FROM buckets
  WHERE peerAddress IN (SELECT peerAddress FROM buckets GROUP BY peerAddress ORDER BY sum(records) DESC, peerAddress LIMIT 10)
  GROUP BY interval, peerAddress, sensor
)
GROUP BY time, peer
ORDER BY time, peer
