-- Decisions taken in the time range, by word.
SELECT
  countIf(verb = 'acknowledge') AS "Acknowledged",
  countIf(verb = 'expected') AS "Expected",
  countIf(verb = 'incident') AS "Incident",
  countIf(verb = 'noise') AS "Muted as noise",
  countIf(verb IN ('reopen', 'revoke')) AS "Taken back",
  uniqExact(author) AS "People"
FROM (SELECT DISTINCT id, verb, author FROM cordon.decisions WHERE at >= $__fromTime AND at <= $__toTime)
HAVING count() > 0
