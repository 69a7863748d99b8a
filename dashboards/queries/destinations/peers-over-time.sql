-- Different peers per asset and interval: a device that begins to look around shows here.
WITH buckets AS (
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut, octetsIn, records FROM cordon.asset_peer_1h
  WHERE bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
)
SELECT $__timeInterval(bucket) AS time, toString(asset) AS asset, uniqExact(peerAddress) AS "Peers"
FROM buckets
WHERE buckets.asset IN (SELECT asset FROM buckets GROUP BY asset ORDER BY uniqExact(peerAddress) DESC, asset LIMIT 20)
GROUP BY time, asset
ORDER BY time, asset
