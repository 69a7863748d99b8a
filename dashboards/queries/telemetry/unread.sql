-- Records and messages that arrived and gave no row, by why, per interval.
SELECT time, pair.1 AS reason, sum(pair.2) AS "Unread"
FROM (
  SELECT $__timeInterval(bucket) AS time,
    arrayJoin([
      ('template missing or no flow', recordsUndecodable),
      ('malformed', recordsMalformed + messagesMalformed),
      ('refused sender', messagesRefused),
      ('duplicate', recordsDuplicate),
      ('dropped by the kernel', kernelDrops),
      ('dropped for want of room', messagesOverrun)
    ]) AS pair
  FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
  WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
)
GROUP BY time, reason
HAVING sum(pair.2) > 0
ORDER BY time, reason
