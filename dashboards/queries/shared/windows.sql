-- The windows and exceptions of `chosen` as marks on the time axis; one that lies in two periods is one.
SELECT
  opens AS time,
  closes AS timeEnd,
  concat(
    window, ' open for ', fleet, ' (', arrayStringConcat(arraySort(groupUniqArray(toString(claim))), ', '), ')',
    if(ticket = '', '', concat(', ticket ', ticket)),
    if(any(approvedBy) = '', '', concat(', approved by ', any(approvedBy)))) AS text,
  toString(kind) AS tags
FROM chosen
WHERE effect = 'allows' AND closes > opens AND closes >= $__fromTime AND opens <= $__toTime
GROUP BY opens, closes, window, fleet, ticket, kind
ORDER BY time DESC, text
LIMIT 100
