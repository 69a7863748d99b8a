-- Peers that a claim does not allow, with what the rollups counted for them inside the time range.
WITH judged AS (
  SELECT asset, peerAddress, protocol, port,
    arrayStringConcat(arraySort(groupUniqArray(toString(claim))), ', ') AS claims,
    any(peerName) AS name,
    toString(max(completion)) AS furthest
  FROM cordon.findings_current
  WHERE claim != '' AND peerAddress != toIPv6('::')
    AND lastSeen >= $__fromTime AND firstSeen <= $__toTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
    AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
  GROUP BY asset, peerAddress, protocol, port
),
counted AS (
  SELECT asset, peerAddress, protocol, port, max(sentOctets) AS sent, max(receivedOctets) AS received, max(flows) AS flows, max(tries) AS tries
  FROM (
    SELECT asset, peerAddress, protocol, port, sensor,
      sum(octetsOut) AS sentOctets, sum(octetsIn) AS receivedOctets, sum(records) AS flows, sum(attempts) AS tries
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
    WHERE (asset, peerAddress) IN (SELECT asset, peerAddress FROM judged)
    GROUP BY asset, peerAddress, protocol, port, sensor
  )
  GROUP BY asset, peerAddress, protocol, port
)
SELECT
  asset AS "Asset",
  concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', ''), if(name = '', '', concat(' (', name, ')'))) AS "Peer",
  concat(
    transform(protocol, [1, 6, 17, 58, 132], ['icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)),
    if(port = 0, '', concat('/', toString(port)))) AS "Port",
  claims AS "Broken claims",
  furthest AS "Completion",
  sent AS "Octets out",
  received AS "Octets in",
  flows AS "Records",
  tries AS "Attempts"
FROM judged
LEFT JOIN counted USING (asset, peerAddress, protocol, port)
ORDER BY sent DESC, flows DESC, "Asset", "Peer"
LIMIT 200
