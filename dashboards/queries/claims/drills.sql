-- Drills that came through, as marks on the time axis.
SELECT
  first AS time,
  last AS timeEnd,
  concat('drill ', about, ' on ', fleet, ': ', toString(flows), ' flows seen') AS text,
  'drill' AS tags
FROM cordon.judgements_current
WHERE kind = 'drill' AND last >= $__fromTime AND first <= $__toTime
  AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
ORDER BY last DESC, fleet, about
LIMIT 100
