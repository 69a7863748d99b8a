-- Who decided what, and why; nothing is ever taken out of this list. What was taken back is marked.
SELECT
  at AS "When",
  toString(verb) AS "Decision",
  author AS "By",
  reason AS "Why",
  sentence AS "Finding then",
  arrayStringConcat(arrayFilter(part -> part != '', [
    if(detection = '', '', concat('detection ', detection)),
    if(claim = '', '', concat('claim ', claim)),
    if(fleet = '', '', concat('fleet ', fleet)),
    if(asset = '', '', concat('asset ', asset)),
    if(peer = '', '', concat('peer ', peer)),
    if(peerName = '', '', concat('set ', peerName)),
    if(port = 0, '', concat('port ', toString(port)))]), ', ') AS "Scope",
  if(until <= toDateTime64(0, 3, 'UTC'), NULL, until) AS "Until",
  if(id IN (SELECT revokes FROM cordon.decisions WHERE verb = 'revoke'), 'taken back', '') AS "Standing",
  finding AS "Finding"
FROM (SELECT DISTINCT * FROM cordon.decisions WHERE at >= $__fromTime AND at <= $__toTime)
ORDER BY at DESC, id
LIMIT 500
