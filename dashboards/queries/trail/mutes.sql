-- Scopes that were muted, those that hold at the end of the time range first: what nobody is told of, by whom, and until when.
SELECT
  if(until > $__toTime, 'holds', 'has ended') AS "Standing",
  toString(verb) AS "Word",
  arrayStringConcat(arrayFilter(part -> part != '', [
    if(detection = '', '', concat('detection ', detection)),
    if(claim = '', '', concat('claim ', claim)),
    if(fleet = '', '', concat('fleet ', fleet)),
    if(asset = '', '', concat('asset ', asset)),
    if(peer = '', '', concat('peer ', peer)),
    if(peerName = '', '', concat('set ', peerName)),
    if(port = 0, '', concat('port ', toString(port)))]), ', ') AS "Scope",
  reason AS "Why",
  author AS "By",
  at AS "From",
  until AS "Until"
FROM cordon.mutes
WHERE at <= $__toTime AND until >= $__fromTime
ORDER BY "Standing" DESC, until DESC, id
LIMIT 300
