-- Is anything blind: share received and records lost in the time range, and the longest silence of any sensor heard in the seven days before its end.
SELECT
  least(
    if(sum(recordsSent) = 0, 1, 1 - sum(recordsLost) / sum(recordsSent)),
    if(sum(messagesSent) = 0, 1, 1 - sum(messagesLost) / sum(messagesSent))) AS "Received",
  sum(recordsLost) AS "Records lost",
  (
    SELECT max(silence)
    FROM (
      SELECT greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(max(lastMessageMilliseconds)) / 1000) AS silence
      FROM cordon.coverage_between(from = $__toTime - 604800, to = $__toTime, step = 86400)
      GROUP BY sensor
    )
  ) AS "Longest silence"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = 86400)
HAVING count() > 0
