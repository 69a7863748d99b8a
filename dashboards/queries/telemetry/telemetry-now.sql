-- Is anything blind: what arrived, what could not be read, and the longest silence of any sensor heard in the seven days before the end of the range.
SELECT
  least(
    if(sum(recordsSent) = 0, 1, 1 - sum(recordsLost) / sum(recordsSent)),
    if(sum(messagesSent) = 0, 1, 1 - sum(messagesLost) / sum(messagesSent))) AS "Received",
  sum(recordsLost) AS "Records lost",
  sum(recordsUndecodable) + sum(recordsMalformed) + greatest(sum(recordsHeld), sum(recordsReleased)) - sum(recordsReleased) AS "Records unread",
  sum(kernelDrops) + sum(messagesOverrun) AS "Datagrams dropped",
  sum(messagesRefused) AS "Messages refused",
  (
    SELECT max(silence)
    FROM (
      SELECT greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(max(lastMessageMilliseconds)) / 1000) AS silence
      FROM cordon.coverage_between(from = $__toTime - 604800, to = $__toTime, step = 86400)
      WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
      GROUP BY sensor
    )
  ) AS "Longest silence"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = 86400)
WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
HAVING count() > 0
