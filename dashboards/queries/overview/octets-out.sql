-- Octets that left each asset, per interval; the twenty largest assets. Where several sensors saw the same conversation, the largest count stands for it, so that
-- nothing is counted twice. Peer, protocol and port are one number here: a hash of 64 bits is grouped by in half the time of the three.
WITH largest AS (
  SELECT asset FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  GROUP BY asset
  ORDER BY sum(octetsOut) DESC, asset
  LIMIT 20
)
SELECT interval AS time, owner AS asset, sum(octets) AS "Octets out"
FROM (
  SELECT interval, owner, max(counted) AS octets
  FROM (
    SELECT $__timeInterval(bucket) AS interval, asset AS owner, cityHash64(peerAddress, protocol, port) AS conversation, sensor, sum(octetsOut) AS counted
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
    WHERE asset IN (SELECT asset FROM largest)
      AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    GROUP BY interval, owner, conversation, sensor
  )
  GROUP BY interval, owner, conversation
)
GROUP BY time, asset
ORDER BY time, asset
