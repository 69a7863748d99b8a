-- Peers that were met for the first time of all inside the range (by the hour rollup), newest first.
WITH buckets AS (
  SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, octetsOut, octetsIn, records FROM cordon.asset_peer_1h
  WHERE bucket >= toStartOfHour($__fromTime) AND bucket <= $__toTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
),
met AS (
  SELECT asset, peerAddress, min(bucket) AS firstMet
  FROM cordon.asset_peer_1h
  WHERE asset IN (SELECT DISTINCT asset FROM buckets) AND bucket <= $__toTime
  GROUP BY asset, peerAddress
)
SELECT
  met.firstMet AS "First met",
  asset AS "Asset",
  concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', '')) AS "Peer",
  arrayStringConcat(arraySlice(arraySort(groupUniqArray(concat(transform(protocol, [1, 6, 17, 58, 132], ['icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)), if(port = 0, '', concat('/', toString(port)))))), 1, 6), ', ') AS "Ports",
  sum(octetsOut) AS "Octets out",
  sum(octetsIn) AS "Octets in",
  sum(records) AS "Records"
FROM buckets
INNER JOIN met USING (asset, peerAddress)
WHERE met.firstMet >= toStartOfHour($__fromTime)
GROUP BY "First met", "Asset", "Peer"
ORDER BY "First met" DESC, "Asset", "Peer"
LIMIT 300
