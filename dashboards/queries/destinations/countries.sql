-- Peers, assets and octets by country, "local" and "unknown" among them.
SELECT
  if(places.country = '', 'unknown', places.country) AS "Country",
  uniqExact(met.peerAddress) AS "Peers",
  uniqExact(met.asset) AS "Assets",
  sum(met.sent) AS "Octets out",
  sum(met.received) AS "Octets in"
FROM (
-- include destinations/conversations
) AS met
LEFT ANY JOIN cordon.peer_places_current AS places USING (peerAddress)
GROUP BY "Country"
ORDER BY "Octets out" DESC, "Country"
LIMIT 300
