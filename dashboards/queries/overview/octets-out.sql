-- Octets that left each asset, per interval; the twenty largest assets. Up to two days from the minute rollup, longer from the hour rollup.
-- Where several sensors saw the same conversation, the largest count stands for it, so that nothing is counted twice.
WITH buckets AS (
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut FROM cordon.asset_peer_1m
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) <= 172800
    AND bucket >= toStartOfMinute($__fromTime) AND bucket <= $__toTime
  UNION ALL
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut FROM cordon.asset_peer_1h
  WHERE toUnixTimestamp($__toTime) - toUnixTimestamp($__fromTime) > 172800
    AND bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
)
SELECT interval AS time, owner AS asset, sum(octets) AS "Octets out"
FROM (
  SELECT interval, owner, max(counted) AS octets
  FROM (
    SELECT $__timeInterval(bucket) AS interval, asset AS owner, peerAddress, protocol, port, sensor, sum(octetsOut) AS counted
    FROM buckets
    WHERE asset IN (
      SELECT asset
      FROM buckets
      WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
        AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
      GROUP BY asset
      ORDER BY sum(octetsOut) DESC, asset
      LIMIT 20
    )
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    GROUP BY interval, owner, peerAddress, protocol, port, sensor
  )
  GROUP BY interval, owner, peerAddress, protocol, port
)
GROUP BY time, asset
ORDER BY time, asset
