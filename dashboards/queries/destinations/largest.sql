-- Peers that received most. Where several sensors saw the same conversation, the largest count stands for it.
WITH buckets AS (
  SELECT * FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
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
