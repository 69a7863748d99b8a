-- Octets out by the hour of the day (UTC) and the day of the week, over the range: when the asset works, and a backup at night that nobody ordered. Where several
-- sensors saw the same conversation, the largest count stands for it. One row less than its LIMIT is all there can be.
SELECT
  leftPad(toString(hourOfDay), 2, '0') AS "Hour (UTC)",
  sumIf(octets, weekday = 1) AS "Mon",
  sumIf(octets, weekday = 2) AS "Tue",
  sumIf(octets, weekday = 3) AS "Wed",
  sumIf(octets, weekday = 4) AS "Thu",
  sumIf(octets, weekday = 5) AS "Fri",
  sumIf(octets, weekday = 6) AS "Sat",
  sumIf(octets, weekday = 7) AS "Sun"
FROM (
  SELECT hourOfDay, weekday, max(counted) AS octets
  FROM (
    SELECT toHour(bucket) AS hourOfDay, toDayOfWeek(bucket) AS weekday, toStartOfHour(bucket) AS at, peerAddress, protocol, port, sensor, sum(octetsOut) AS counted
    FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 3600)
    WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
    GROUP BY hourOfDay, weekday, at, peerAddress, protocol, port, sensor
  )
  GROUP BY hourOfDay, weekday, at, peerAddress, protocol, port
)
GROUP BY hourOfDay
ORDER BY hourOfDay
LIMIT 25
