-- Peers that were met for the first time of all inside the range, newest first.
WITH met AS (
  SELECT asset, peerAddress, min(p.firstMet) AS first
  FROM cordon.asset_peers AS p
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
  GROUP BY asset, peerAddress
  HAVING first >= toStartOfHour($__fromTime) AND first <= $__toTime
  ORDER BY first DESC, asset, peerAddress
  LIMIT 300
)
SELECT
  toDateTime(met.first, 'UTC') AS "First met",
  asset AS "Asset",
  concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', '')) AS "Peer",
  if(places.country = '', 'unknown', places.country) AS "Country",
  places.system AS "AS",
  arrayStringConcat(arraySlice(arraySort(groupUniqArray(concat(transform(protocol, [1, 6, 17, 58, 132], ['icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)), if(port = 0, '', concat('/', toString(port)))))), 1, 6), ', ') AS "Ports",
  sum(octetsOut) AS "Octets out",
  sum(octetsIn) AS "Octets in",
  sum(records) AS "Records"
FROM (
  SELECT asset, peerAddress, protocol, port, sum(octetsOut) AS octetsOut, sum(octetsIn) AS octetsIn, sum(records) AS records
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE (asset, peerAddress) IN (SELECT asset, peerAddress FROM met)
  GROUP BY asset, peerAddress, protocol, port
) AS counted
INNER JOIN met USING (asset, peerAddress)
LEFT ANY JOIN (
  SELECT peerAddress, country, system FROM cordon.peer_places_current WHERE peerAddress IN (SELECT peerAddress FROM met)
) AS places USING (peerAddress)
GROUP BY "First met", "Asset", "Peer", "Country", "AS"
ORDER BY "First met" DESC, "Asset", "Peer"
LIMIT 300
