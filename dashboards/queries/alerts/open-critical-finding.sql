-- Critical findings that nobody has decided on, by what they are about; the range is how far back their last record may lie. A row of its own is always
-- there: an answer without any row is a broken answer.
WITH
-- include shared/standing
SELECT fleet, asset, cause, toFloat64(sum(n)) AS open
FROM (
  SELECT toString(s.fleet) AS fleet, toString(s.asset) AS asset, if(s.claim = '', toString(s.detection), toString(s.claim)) AS cause, 1 AS n
  FROM standing AS s
  WHERE s.state = 'open' AND s.severity = 'critical'
  UNION ALL
  SELECT '(none)', '(none)', '(none)', 0
)
GROUP BY fleet, asset, cause
ORDER BY open DESC, fleet, asset, cause
LIMIT 500
