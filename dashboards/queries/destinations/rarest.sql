-- The long tail: peers that the assets talked with in the fewest hours of the range. What happens once is seldom work.
WITH rare AS (
  SELECT
    peer AS peerAddress,
    arrayStringConcat(arraySlice(arraySort(arrayDistinct(arrayFlatten(groupArray(owners)))), 1, 4), ', ') AS assets,
    sum(bitCount(inHours)) AS metHours,
    sum(flows) AS allFlows,
    sum(sent) AS allSent,
    max(lastMet) AS latestMet
  FROM (
    SELECT peerAddress AS peer, toStartOfDay(bucket) AS day, groupBitOr(hours) AS inHours, groupUniqArray(4)(toString(asset)) AS owners,
      sum(records) AS flows, sum(octetsOut) AS sent, max(t.latest) AS lastMet
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400) AS t
    WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
      AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
    GROUP BY peer, day
  )
  GROUP BY peer
  ORDER BY metHours, allFlows, peerAddress
  LIMIT 100
)
SELECT
  replaceRegexpOne(toString(rare.peerAddress), '^::ffff:', '') AS "Peer",
  if(places.country = '', 'unknown', places.country) AS "Country",
  places.system AS "AS",
  assets AS "Assets",
  metHours AS "Hours",
  allFlows AS "Records",
  allSent AS "Octets out",
  latestMet AS "Last met"
FROM rare
LEFT ANY JOIN cordon.peer_places_current AS places USING (peerAddress)
ORDER BY "Hours", "Records", "Peer"
