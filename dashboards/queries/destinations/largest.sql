-- Peers that received most, with country and AS. Where several sensors saw the same conversation, the largest count stands for it.
WITH buckets AS (
  SELECT * FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
),
largest AS (
  SELECT peerAddress, sum(sent) AS octets
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
  ORDER BY octets DESC, peerAddress
  LIMIT 15
)
SELECT
  concat(
    replaceRegexpOne(toString(largest.peerAddress), '^::ffff:', ''), ' · ', if(places.country = '', 'unknown', places.country),
    if(places.system = '', '', concat(' · ', places.system))
  ) AS "Peer",
  octets AS "Octets out"
FROM largest
LEFT ANY JOIN cordon.peer_places_current AS places USING (peerAddress)
ORDER BY "Octets out" DESC, "Peer"
