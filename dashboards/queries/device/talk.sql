-- Flow records per interval with each of the ten peers that the assets talked with most often: the rhythm of the equipment.
WITH often AS (
  SELECT peerAddress FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  GROUP BY peerAddress
  ORDER BY sum(records) DESC, peerAddress
  LIMIT 10
)
SELECT interval AS time, replaceRegexpOne(toString(peerAddress), '^::ffff:', '') AS peer, max(counted) AS "Records"
FROM (
  SELECT $__timeInterval(bucket) AS interval, peerAddress, sensor, sum(records) AS counted
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
    AND peerAddress IN (SELECT peerAddress FROM often)
  GROUP BY interval, peerAddress, sensor
)
GROUP BY time, peer
ORDER BY time, peer
