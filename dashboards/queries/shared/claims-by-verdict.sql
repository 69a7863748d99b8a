-- How many claims stand where, by the latest verdict of each of `chosen`.
SELECT
  countIf(word = 'VIOLATED') AS "Violated",
  countIf(word = 'NOT_PROVEN') AS "Not proven",
  countIf(word = 'VERIFIED') AS "Verified"
FROM (
  SELECT toString(verdict) AS word
  FROM chosen
  ORDER BY periodTo DESC, revision DESC
  LIMIT 1 BY claimsId, claim, fleet
)
