-- Records with the peers and ports for which rules of the fleet's claims name a time, inside and outside of it. By the hour, where one is cut by an edge by the
-- minute: a minute that a window opens or closes in counts as inside. Where several sensors saw the same conversation, the largest count stands for it. The rules,
-- their times, the cut hours and the peers of all of them are one value that is worked out once: what is reckoned from it in place is reckoned for every part of
-- every table that is read.
WITH (
  SELECT (
    groupArray((named, ranges, responders)),
    groupArray(times),
    arrayDistinct(arrayMap(
      edge -> toDateTime(edge - edge % 3600, 'UTC'),
      arrayFilter(edge -> edge % 3600 != 0, arrayFlatten(groupArray(arrayMap(span -> [span.1, span.2], times)))))),
    arrayDistinct(arrayFlatten(groupArray(ranges))))
  FROM (
    SELECT
      toString(fleet) AS named,
      arrayMap(range -> (toIPv6(range.1), toIPv6(range.2)), JSONExtract(peers, 'Array(Tuple(String, String))')) AS ranges,
      JSONExtract(ports, 'Array(Tuple(UInt8, UInt16, UInt16))') AS responders,
      groupUniqArrayIf(
        (toUInt32(toUnixTimestamp(toDateTime(opens))), toUInt32(toUnixTimestamp(toDateTime(closes)))),
        closes > opens AND closes >= $__fromTime AND opens <= $__toTime) AS times
    FROM cordon.claim_windows_current
    WHERE effect = 'allows' AND periodFrom >= $__fromTime - 2764800 AND periodFrom <= $__toTime
      AND fleet IN (SELECT fleet FROM cordon.asset_peers WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset))
    GROUP BY named, ranges, responders
  )
) AS told,
told.1 AS rules,
told.2 AS spans,
told.3 AS cut,
told.4 AS anyone
SELECT
  $__timeInterval(bucket) AS time,
  if(arrayExists(rule -> arrayExists(span -> at + 60 > span.1 AND at < span.2, spans[rule]), about), 'inside a window', 'outside of windows') AS state,
  sum(recordsSeen) AS "Records"
FROM (
  SELECT bucket, toUInt32(toUnixTimestamp(bucket)) AS at, about, sum(flowRecords) AS recordsSeen
  FROM (
    SELECT bucket, max(seen) AS flowRecords,
      arrayFilter(
        (place, rule) -> rule.1 = fleet
          AND (empty(rule.3) OR arrayExists(range -> range.1 = protocol AND port >= range.2 AND port <= range.3, rule.3))
          AND arrayExists(range -> peerAddress >= range.1 AND peerAddress <= range.2, rule.2),
        arrayEnumerate(rules), rules) AS about
    FROM (
      SELECT bucket, toString(fleet) AS fleet, asset, peerAddress, protocol, port, sensor, sum(records) AS seen
      FROM (
        SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, records
        FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 3600)
        WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
          AND toStartOfHour(bucket) NOT IN (SELECT arrayJoin(cut))
          AND arrayExists(range -> peerAddress >= range.1 AND peerAddress <= range.2, anyone)
        UNION ALL
        SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, records
        FROM cordon.asset_peer_1m
        WHERE bucket >= toStartOfMinute($__fromTime) AND bucket <= $__toTime
          AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
          AND toStartOfHour(bucket) IN (SELECT arrayJoin(cut))
          AND arrayExists(range -> peerAddress >= range.1 AND peerAddress <= range.2, anyone)
      )
      GROUP BY bucket, fleet, asset, peerAddress, protocol, port, sensor
    )
    GROUP BY bucket, fleet, asset, peerAddress, protocol, port
    HAVING notEmpty(about)
  )
  GROUP BY bucket, about
)
GROUP BY time, state
ORDER BY time, state
