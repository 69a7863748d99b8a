-- Findings with records inside the time range: what an analyst works through, worst and latest first.
SELECT
  toString(severity) AS "Severity",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  multiIf(
    peerAddress = toIPv6('::'), 'several',
    peerName = '', replaceRegexpOne(toString(peerAddress), '^::ffff:', ''),
    concat(replaceRegexpOne(toString(peerAddress), '^::ffff:', ''), ' (', peerName, ')')) AS "Peer",
  concat(
    transform(protocol, [0, 1, 6, 17, 58, 132], ['any', 'icmp', 'tcp', 'udp', 'icmpv6', 'sctp'], toString(protocol)),
    if(port = 0, '', concat('/', toString(port)))) AS "Port",
  toString(completion) AS "Completion",
  octetsOut AS "Octets out",
  octetsIn AS "Octets in",
  firstSeen AS "First seen",
  lastSeen AS "Last seen"
FROM cordon.findings_current
WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
ORDER BY findings_current.severity DESC, lastSeen DESC, id
LIMIT 500
