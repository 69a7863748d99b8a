-- Peers that received most, with country and AS.
WITH largest AS (
  SELECT peerAddress, sum(sent) AS octets
  FROM (
-- include destinations/conversations
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
