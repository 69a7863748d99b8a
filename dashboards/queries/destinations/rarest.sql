-- The long tail: peers that the assets talked with in the fewest hours of the range. What happens once is seldom work.
WITH buckets AS (
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut, octetsIn, records FROM cordon.asset_peer_1h
  WHERE bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
)
SELECT
  concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', '')) AS "Peer",
  arrayStringConcat(arraySlice(arraySort(groupUniqArray(toString(asset))), 1, 4), ', ') AS "Assets",
  uniqExact(bucket) AS "Hours",
  sum(records) AS "Records",
  sum(octetsOut) AS "Octets out",
  max(bucket) AS "Last met"
FROM buckets
GROUP BY peerAddress
ORDER BY "Hours", "Records", "Peer"
LIMIT 100
