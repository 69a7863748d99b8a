-- Records with the peers and ports for which rules of the fleet's claims name a time, inside and outside of it. By the hour, where one is cut by an edge by the
-- minute: a minute that a window opens or closes in counts as inside. Where several sensors saw the same conversation, the largest count stands for it. The rules,
-- their times, the cut hours and the peers of all of them are one value that is worked out once. What is reckoned row by row from it would be reckoned for every
-- part of every table that is read, so the peers are looked for among those that were met, and a conversation is compared with the rules once it is counted: that
-- condition is about any() of its rows, or the planner would move it down to the tables. The times of a rule lie in the order of their openings, each with the
-- latest closing so far, so that the last one that opened before a minute's end tells whether any was open (ASOF JOIN).
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
told.4 AS anyone,
named_peers AS (
  SELECT DISTINCT peerAddress FROM cordon.asset_peers
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
    AND arrayExists(range -> peerAddress >= range.1 AND peerAddress <= range.2, anyone)
)
SELECT $__timeInterval(bucket) AS time, if(inside, 'inside a window', 'outside of windows') AS state, sum(recordsSeen) AS "Records"
FROM (
  SELECT bucket, about, any(seenRecords) AS recordsSeen, max(at < closes) AS inside
  FROM (
    SELECT bucket, about, seenRecords, toUInt32(toUnixTimestamp(bucket)) AS at, at + 59 AS lastSecond, arrayJoin(about) AS rule
    FROM (
      SELECT bucket, about, sum(flowRecords) AS seenRecords
      FROM (
        SELECT bucket, flowRecords,
          arrayFilter(
            (place, rule) -> rule.1 = ofFleet
              AND (empty(rule.3) OR arrayExists(range -> range.1 = ofProtocol AND ofPort >= range.2 AND ofPort <= range.3, rule.3))
              AND arrayExists(range -> peer >= range.1 AND peer <= range.2, rule.2),
            arrayEnumerate(rules), rules) AS about
        FROM (
          SELECT bucket, max(seen) AS flowRecords, any(oneFleet) AS ofFleet, any(onePeer) AS peer, any(oneProtocol) AS ofProtocol, any(onePort) AS ofPort
          FROM (
            SELECT bucket, cityHash64(fleet, asset, peerAddress, protocol, port) AS conversation, cityHash64(sensor) AS seenBy, sum(records) AS seen,
              any(toString(fleet)) AS oneFleet, any(peerAddress) AS onePeer, any(protocol) AS oneProtocol, any(port) AS onePort
            FROM (
              SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, records
              FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 3600)
              WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
                AND toStartOfHour(bucket) NOT IN (SELECT arrayJoin(cut))
                AND peerAddress IN (SELECT peerAddress FROM named_peers)
              UNION ALL
              SELECT bucket, fleet, asset, peerAddress, protocol, port, sensor, records
              FROM cordon.asset_peer_1m
              WHERE bucket >= toStartOfMinute($__fromTime) AND bucket <= $__toTime
                AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
                AND toStartOfHour(bucket) IN (SELECT arrayJoin(cut))
                AND peerAddress IN (SELECT peerAddress FROM named_peers)
            )
            GROUP BY bucket, conversation, seenBy
          )
          GROUP BY bucket, conversation
        )
      )
      WHERE notEmpty(about)
      GROUP BY bucket, about
    )
  ) AS counted
  ASOF LEFT JOIN (
    SELECT rule, span.1 AS opens, max(span.2) OVER (PARTITION BY rule ORDER BY span.1) AS closes
    FROM (SELECT rule, arrayJoin(spans[rule]) AS span FROM (SELECT arrayJoin(arrayEnumerate(rules)) AS rule))
  ) AS windows ON counted.rule = windows.rule AND counted.lastSecond >= windows.opens
  GROUP BY bucket, about
)
GROUP BY time, state
ORDER BY time, state
