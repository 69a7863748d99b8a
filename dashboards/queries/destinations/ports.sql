-- Responders' ports by octets sent, with how many assets and peers used them.
WITH buckets AS (
  SELECT * FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
)
SELECT
  concat(transform(protocol, [1, 6, 17, 58, 132], ['icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)), if(port = 0, '', concat('/', toString(port)))) AS "Port",
  uniqExact(asset) AS "Assets",
  uniqExact(peerAddress) AS "Peers",
  sum(records) AS "Records",
  sum(octetsOut) AS "Octets out",
  sum(octetsIn) AS "Octets in"
FROM buckets
GROUP BY protocol, port
ORDER BY "Octets out" DESC, "Port"
LIMIT 100
