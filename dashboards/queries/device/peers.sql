-- Every peer of the assets in the range: what was exchanged, when it was met first of all (by the hour rollup), and the claims that it broke.
WITH buckets AS (
  SELECT * FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
),
counted AS (
  SELECT asset, peerAddress, protocol, port, max(sent) AS octetsSent, max(received) AS octetsReceived, max(flows) AS flowRecords, max(tries) AS unanswered,
    max(latest) AS lastMet
  FROM (
    SELECT asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS sent, sum(octetsIn) AS received, sum(records) AS flows, sum(attempts) AS tries,
      max(buckets.latest) AS latest
    FROM buckets
    GROUP BY asset, peerAddress, protocol, port, sensor
  )
  GROUP BY asset, peerAddress, protocol, port
  ORDER BY octetsSent DESC, asset, peerAddress, protocol, port
  LIMIT 500
),
met AS (
  SELECT asset, peerAddress, protocol, port, min(bucket) AS firstMet
  FROM cordon.asset_peer_1h
  WHERE (asset, peerAddress) IN (SELECT asset, peerAddress FROM counted) AND bucket <= $__toTime
  GROUP BY asset, peerAddress, protocol, port
),
judged AS (
  SELECT asset, peerAddress, protocol, port, arrayStringConcat(arraySort(groupUniqArray(if(claim = '', detection, claim))), ', ') AS broken, any(peerName) AS name
  FROM cordon.findings_current
  WHERE peerAddress != toIPv6('::') AND lastSeen >= $__fromTime AND firstSeen <= $__toTime
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  GROUP BY asset, peerAddress, protocol, port
)
SELECT
  asset AS "Asset",
  concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', ''), if(name = '', '', concat(' (', name, ')'))) AS "Peer",
  concat(
    transform(protocol, [1, 6, 17, 58, 132], ['icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)),
    if(port = 0, '', concat('/', toString(port)))) AS "Port",
  broken AS "Found by",
  octetsSent AS "Octets out",
  octetsReceived AS "Octets in",
  flowRecords AS "Records",
  unanswered AS "Attempts",
  firstMet AS "First met",
  lastMet AS "Last met"
FROM counted
LEFT JOIN met USING (asset, peerAddress, protocol, port)
LEFT JOIN judged USING (asset, peerAddress, protocol, port)
ORDER BY octetsSent DESC, "Asset", "Peer", "Port"
LIMIT 500
