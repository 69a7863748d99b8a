-- The asset in five numbers. Where several sensors saw the same conversation, the largest count stands for it.
WITH buckets AS (
  SELECT * FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset)
),
counted AS (
  SELECT asset, peerAddress, max(sent) AS octetsSent, max(received) AS octetsReceived, max(tries) AS unanswered
  FROM (
    SELECT asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS sent, sum(octetsIn) AS received, sum(attempts) AS tries
    FROM buckets
    GROUP BY asset, peerAddress, protocol, port, sensor
  )
  GROUP BY asset, peerAddress, protocol, port
)
SELECT
  (
    SELECT count() FROM cordon.findings_current
    WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
      AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  ) AS "Findings",
  uniqExact(peerAddress) AS "Peers",
  sum(octetsSent) AS "Octets out",
  sum(octetsReceived) AS "Octets in",
  sum(unanswered) AS "Attempts unanswered"
FROM counted
HAVING count() > 0
