-- Decisions per interval, by word.
SELECT $__timeInterval(at) AS time, toString(verb) AS word, uniqExact(id) AS "Decisions"
FROM cordon.decisions
WHERE at >= $__fromTime AND at <= $__toTime
GROUP BY time, word
ORDER BY time, word
