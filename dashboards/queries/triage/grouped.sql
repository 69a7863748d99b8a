-- The same by device and kind: twenty findings of one kind on one device are one thing to look at.
WITH
-- include shared/standing
SELECT
  asset AS "Asset",
  if(claim = '', detection, claim) AS "Claim or detection",
  toString(max(severity)) AS "Worst",
  count() AS "Findings",
  countIf(state = 'open') AS "Open",
  uniqExact(peerAddress) AS "Peers",
  min(firstSeen) AS "First seen",
  max(lastSeen) AS "Last seen"
FROM standing
WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
  AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
  AND $__conditionalAll(toString(severity) IN (${severity:singlequote}), $severity)
GROUP BY "Asset", "Claim or detection"
ORDER BY countIf(state = 'open') > 0 DESC, max(severity) DESC, count() DESC, "Asset", "Claim or detection"
LIMIT 300
