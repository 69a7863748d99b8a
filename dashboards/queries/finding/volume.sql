-- What the asset of the finding exchanged with its peer (with all peers where it names none), per interval. A finding that counts assets is about a fleet: all of its assets.
WITH
  -- Arrays, which are read once however often they are asked. Names of assets, since the rollups lie in their order.
  (
    SELECT groupArray((asset, fleet, peerAddress, ofFleet))
    FROM (
      SELECT asset, fleet, peerAddress, unit = 'assets' AS ofFleet
      FROM cordon.findings_current
      WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
        AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
      ORDER BY findings_current.severity DESC, lastSeen DESC, id
      LIMIT 20
    )
  ) AS found,
  arrayFilter(one -> one.4, found) AS ofFleets,
  (
    SELECT groupArray((asset, fleet))
    FROM (SELECT DISTINCT asset, fleet FROM cordon.asset_peers WHERE has(ofFleets.2, fleet))
  ) AS members,
  arrayConcat(
    arrayMap(one -> (one.1, one.3), found),
    arrayFlatten(arrayMap(one -> arrayMap(member -> (member.1, one.3), arrayFilter(member -> member.2 = one.2, members)), ofFleets))) AS pairs
SELECT time, pair.1 AS direction, sum(pair.2) AS "Octets"
FROM (
  SELECT time, arrayJoin([('out', max(sent)), ('in', max(received))]) AS pair
  FROM (
    SELECT $__timeInterval(bucket) AS time, asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS sent, sum(octetsIn) AS received
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
    WHERE asset IN (SELECT arrayJoin(pairs.1))
      AND ((asset, peerAddress) IN (SELECT arrayJoin(pairs).1, arrayJoin(pairs).2)
        OR asset IN (SELECT arrayJoin(arrayFilter(one -> one.2 = toIPv6('::'), pairs).1)))
    GROUP BY time, asset, peerAddress, protocol, port, sensor
  )
  GROUP BY time, asset, peerAddress, protocol, port
)
GROUP BY time, direction
ORDER BY time, direction
