-- Responders' ports by octets sent, with how many assets and peers used them.
SELECT
  concat(transform(protocol, [1, 6, 17, 58, 132], ['icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)), if(port = 0, '', concat('/', toString(port)))) AS "Port",
  uniqExact(asset) AS "Assets",
  uniqExact(peerAddress) AS "Peers",
  sum(flows) AS "Records",
  sum(sent) AS "Octets out",
  sum(received) AS "Octets in"
FROM (
-- include destinations/conversations
)
GROUP BY protocol, port
ORDER BY "Octets out" DESC, "Port"
LIMIT 100
