-- Countries of the peers of the time range, with "local" and "unknown".
SELECT DISTINCT if(p.country = '', 'unknown', p.country) AS country
FROM (
  SELECT DISTINCT peerAddress FROM cordon.asset_peers WHERE lastMet >= toStartOfHour($__fromTime) AND firstMet <= $__toTime
) AS met
LEFT ANY JOIN cordon.peer_places_current AS p USING (peerAddress)
ORDER BY country
LIMIT 300
