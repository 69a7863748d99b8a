-- Peers outside the site (no special-purpose internal range, RFC 6890) that received most from the assets. Where several sensors saw the same conversation, the
-- largest count stands for it. What is outside is told of the peers that there are, not of each row; names of assets are put together for the largest alone, which
-- are worked out once and are one value.
WITH (
  SELECT groupArray((peerAddress, octets))
  FROM (
    SELECT peerAddress, sum(sent) AS octets
    FROM (
      SELECT peerAddress, max(counted) AS sent
      FROM (
        SELECT peerAddress, cityHash64(asset, protocol, port) AS conversation, cityHash64(sensor) AS seenBy, sum(octetsOut) AS counted
        FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
        WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
          AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
          AND peerAddress IN (
            SELECT peerAddress FROM cordon.asset_peers
            WHERE lastMet >= toStartOfHour($__fromTime) AND firstMet <= $__toTime AND NOT (
                peerAddress BETWEEN toIPv6('::ffff:0.0.0.0') AND toIPv6('::ffff:0.255.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:10.0.0.0') AND toIPv6('::ffff:10.255.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:100.64.0.0') AND toIPv6('::ffff:100.127.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:127.0.0.0') AND toIPv6('::ffff:127.255.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:169.254.0.0') AND toIPv6('::ffff:169.254.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:172.16.0.0') AND toIPv6('::ffff:172.31.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:192.168.0.0') AND toIPv6('::ffff:192.168.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:198.18.0.0') AND toIPv6('::ffff:198.19.255.255')
                OR peerAddress BETWEEN toIPv6('::ffff:224.0.0.0') AND toIPv6('::ffff:255.255.255.255')
                OR peerAddress <= toIPv6('::1')
                OR peerAddress BETWEEN toIPv6('fc00::') AND toIPv6('fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')
                OR peerAddress >= toIPv6('fe80::')
            )
          )
        GROUP BY peerAddress, conversation, seenBy
      )
      GROUP BY peerAddress, conversation
    )
    GROUP BY peerAddress
    ORDER BY octets DESC, peerAddress
    LIMIT 15
  )
) AS largest
SELECT
  concat(replaceRegexpOne(toString(counted.peerAddress), '^::ffff:', ''), ' ← ', arrayStringConcat(arraySlice(arraySort(groupUniqArray(toString(met.asset))), 1, 3), ', ')) AS "Peer",
  any(counted.octets) AS "Octets out"
FROM (SELECT one.1 AS peerAddress, one.2 AS octets FROM (SELECT arrayJoin(largest) AS one)) AS counted
INNER JOIN (
  SELECT DISTINCT peerAddress, asset
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE peerAddress IN (SELECT arrayJoin(largest).1)
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
) AS met USING (peerAddress)
GROUP BY counted.peerAddress
ORDER BY "Octets out" DESC, counted.peerAddress
