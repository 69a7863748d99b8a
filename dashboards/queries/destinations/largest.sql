-- Peers that received most. Where several sensors saw the same conversation, the largest count stands for it.
WITH buckets AS (
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut, octetsIn, records FROM cordon.asset_peer_1h
  WHERE bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
)
SELECT concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', '')) AS "Peer", sum(sent) AS "Octets out"
FROM (
  SELECT peerAddress, max(counted) AS sent
  FROM (
    SELECT asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS counted
    FROM buckets
    GROUP BY asset, peerAddress, protocol, port, sensor
  )
  GROUP BY asset, peerAddress, protocol, port
)
GROUP BY peerAddress
ORDER BY "Octets out" DESC, "Peer"
LIMIT 15
