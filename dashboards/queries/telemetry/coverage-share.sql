-- Share of what each sensor sent that arrived: the worse of records and messages (for captures: packets), by sequence numbers.
SELECT
  $__timeInterval(bucket) AS time,
  sensor,
  least(
    if(sum(recordsSent) = 0, 1, 1 - sum(recordsLost) / sum(recordsSent)),
    if(sum(messagesSent) = 0, 1, 1 - sum(messagesLost) / sum(messagesSent))) AS "Received"
FROM cordon.coverage_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
WHERE $__conditionalAll(sensor IN (${sensor:singlequote}), $sensor)
GROUP BY time, sensor
HAVING sum(recordsSent) > 0 OR sum(messagesSent) > 0
ORDER BY time, sensor
