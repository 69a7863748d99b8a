-- The long tail: peers that the assets talked with in the fewest hours of the range. What happens once is seldom work.
SELECT
  replaceRegexpOne(toString(peer), '^::ffff:', '') AS "Peer",
  arrayStringConcat(arraySlice(arraySort(arrayDistinct(arrayFlatten(groupArray(owners)))), 1, 4), ', ') AS "Assets",
  sum(bitCount(inHours)) AS "Hours",
  sum(flows) AS "Records",
  sum(sent) AS "Octets out",
  max(lastMet) AS "Last met"
FROM (
  SELECT peerAddress AS peer, toStartOfDay(bucket) AS day, groupBitOr(hours) AS inHours, groupUniqArray(4)(toString(asset)) AS owners,
    sum(records) AS flows, sum(octetsOut) AS sent, max(t.latest) AS lastMet
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400) AS t
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  GROUP BY peer, day
)
GROUP BY peer
ORDER BY "Hours", "Records", "Peer"
LIMIT 100
