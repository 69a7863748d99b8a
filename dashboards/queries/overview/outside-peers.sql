-- Peers outside the site (no special-purpose internal range, RFC 6890) that received most from the assets.
SELECT
  concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', ''), ' ← ', arrayStringConcat(arraySlice(arraySort(groupUniqArray(owner)), 1, 3), ', ')) AS "Peer",
  sum(octets) AS "Octets out"
FROM (
  SELECT peerAddress, owner, max(counted) AS octets
  FROM (
    SELECT peerAddress, asset AS owner, protocol, port, sensor, sum(octetsOut) AS counted
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
    WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
      AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
      AND NOT (
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
    GROUP BY peerAddress, owner, protocol, port, sensor
  )
  GROUP BY peerAddress, owner, protocol, port
)
GROUP BY peerAddress
ORDER BY "Octets out" DESC, peerAddress
LIMIT 15
