-- The numbers that made it, so that the sum can be done again.
SELECT
  id AS "Finding",
  if(peerAddress = toIPv6('::'), 'several', replaceRegexpOne(toString(peerAddress), '^::ffff:', '')) AS "Peer",
  peerName AS "Set",
  arrayStringConcat(arrayFilter(part -> part != '', [toString(peerCountry), if(peerAsn = 0, '', concat('AS', toString(peerAsn)))]), ' ') AS "Country, AS",
  concat(
    transform(protocol, [0, 1, 6, 17, 58, 132], ['any', 'icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)),
    if(port = 0, '', concat('/', toString(port)))) AS "Port",
  observed AS "Observed",
  expected AS "Expected",
  unit AS "Unit",
  windowFrom AS "Window from",
  windowTo AS "Window to",
  toString(completion) AS "Completion",
  sessions AS "Connections",
  confidence AS "Sure"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 100
