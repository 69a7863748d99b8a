-- Peers, assets and octets by country, "local" and "unknown" among them. Where several sensors saw the same conversation, the largest count stands for it.
SELECT
  if(p.country = '', 'unknown', p.country) AS "Country",
  uniqExact(t.peerAddress) AS "Peers",
  uniqExact(t.asset) AS "Assets",
  sum(t.sent) AS "Octets out",
  sum(t.received) AS "Octets in"
FROM (
  SELECT asset, peerAddress, sum(mostOut) AS sent, sum(mostIn) AS received
  FROM (
    SELECT asset, peerAddress, protocol, port, max(outBySensor) AS mostOut, max(inBySensor) AS mostIn
    FROM (
      SELECT asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS outBySensor, sum(octetsIn) AS inBySensor
      FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
      WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
        AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
      GROUP BY asset, peerAddress, protocol, port, sensor
    )
    GROUP BY asset, peerAddress, protocol, port
  )
  GROUP BY asset, peerAddress
) AS t
LEFT ANY JOIN cordon.peer_places_current AS p USING (peerAddress)
GROUP BY "Country"
ORDER BY "Octets out" DESC, "Country"
LIMIT 300
