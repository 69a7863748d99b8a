-- The long tail: peers that the assets talked with in the fewest hours of the range. What happens once is seldom work. Who they are is worked out once and is one
-- value; names of assets and octets are put together for those alone.
WITH (
  SELECT groupArray((peer, metHours, allFlows))
  FROM (
    SELECT peer, sum(bitCount(inHours)) AS metHours, sum(flows) AS allFlows
    FROM (
      SELECT peerAddress AS peer, toStartOfDay(bucket) AS day, groupBitOr(hours) AS inHours, sum(records) AS flows
      FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
      WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
        AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
      GROUP BY peer, day
    )
    GROUP BY peer
    ORDER BY metHours, allFlows, peer
    LIMIT 100
  )
) AS rare
SELECT
  replaceRegexpOne(toString(told.peerAddress), '^::ffff:', '') AS "Peer",
  if(places.country = '', 'unknown', places.country) AS "Country",
  places.system AS "AS",
  assets AS "Assets",
  metHours AS "Hours",
  allFlows AS "Records",
  allSent AS "Octets out",
  latestMet AS "Last met"
FROM (
  SELECT peerAddress, arrayStringConcat(arraySlice(arraySort(groupUniqArray(toString(asset))), 1, 4), ', ') AS assets, sum(octetsOut) AS allSent,
    max(t.latest) AS latestMet
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400) AS t
  WHERE peerAddress IN (SELECT arrayJoin(rare).1)
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  GROUP BY peerAddress
) AS told
INNER JOIN (
  SELECT one.1 AS peerAddress, one.2 AS metHours, one.3 AS allFlows FROM (SELECT arrayJoin(rare) AS one)
) AS counted USING (peerAddress)
LEFT ANY JOIN (
  SELECT peerAddress, country, system FROM cordon.peer_places_current WHERE peerAddress IN (SELECT arrayJoin(rare).1)
) AS places USING (peerAddress)
ORDER BY "Hours", "Records", "Peer"
LIMIT 100
