-- The queue: open findings first, then by severity and age. The id leads to the finding; "Decide" carries the state, by which the console offers its buttons.
WITH
-- include shared/standing
SELECT
  toString(severity) AS "Severity",
  concat(
    state,
    multiIf(word != '', concat(' as ', word), why != '', concat(', ', why), ''),
    if(state = 'open', '', concat(' by ', author))) AS "State",
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  sentence AS "Why",
  confidence AS "Sure",
  greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp64Milli(firstSeen) / 1000) AS "Age",
  lastSeen AS "Last seen",
  state AS "Decide",
  id AS "Finding"
FROM standing
WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
  AND $__conditionalAll(state IN (${state:singlequote}), $state)
  AND $__conditionalAll(positionCaseInsensitiveUTF8(concat(asset, ' ', claim, ' ', detection, ' ', sentence, ' ', replaceRegexpOne(toString(peerAddress), '^::ffff:', ''), ' ', peerName, ' ', id), ${search:singlequote}) > 0, $search)
ORDER BY state = 'closed', state != 'open', standing.severity DESC, firstSeen, id
LIMIT 500
