-- What the asset of the finding exchanged with its peer (with all peers where it names none), per interval.
WITH found AS (
  SELECT asset, peerAddress
  FROM cordon.findings_current
  WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
    AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
  ORDER BY findings_current.severity DESC, lastSeen DESC, id
  LIMIT 20
)
SELECT time, pair.1 AS direction, sum(pair.2) AS "Octets"
FROM (
  SELECT time, arrayJoin([('out', max(sent)), ('in', max(received))]) AS pair
  FROM (
    SELECT $__timeInterval(bucket) AS time, asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS sent, sum(octetsIn) AS received
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
    WHERE asset IN (SELECT asset FROM found)
      AND ((asset, peerAddress) IN (SELECT asset, peerAddress FROM found)
        OR asset IN (SELECT asset FROM found WHERE peerAddress = toIPv6('::')))
    GROUP BY time, asset, peerAddress, protocol, port, sensor
  )
  GROUP BY time, asset, peerAddress, protocol, port
)
GROUP BY time, direction
ORDER BY time, direction
