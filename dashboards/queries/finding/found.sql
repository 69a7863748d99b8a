-- What was found, and how it stands.
WITH
-- include shared/standing
SELECT
  toString(severity) AS "Severity",
  concat(
    state,
    multiIf(word != '', concat(' as ', word), why != '', concat(', ', why), ''),
    if(state = 'open', '', concat(' by ', author)),
    if(state = 'closed' AND until > toDateTime64(0, 3, 'UTC'), concat(' until ', formatDateTime(until, '%Y-%m-%d', 'UTC')), '')) AS "State",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  rule AS "Rule",
  state AS "Decide",
  id AS "Finding"
FROM standing
WHERE $__conditionalAll(id IN (${finding:singlequote}), $finding)
ORDER BY standing.severity DESC, lastSeen DESC, id
LIMIT 100
