-- What each table holds and how long it will: rows and bytes on disk, its oldest and newest row as the parts tell, how many days its configuration keeps, and what a
-- day of it takes. Tables without a time (findings, decisions, …) show none. The rows of a table that has reached its end do not grow any more.
WITH
  kept AS (
    SELECT p.table AS name, sum(p.rows) AS stored, sum(p.bytes_on_disk) AS octets,
      minIf(p.min_time, p.min_time > toDateTime(0)) AS oldest, maxIf(p.max_time, p.max_time > toDateTime(0)) AS newest
    FROM system.parts AS p
    WHERE p.database = 'cordon' AND p.active AND p.rows > 0
    GROUP BY name
  ),
  limits AS (
    SELECT t.name AS name, toUInt32OrZero(extract(t.engine_full, 'toIntervalDay\\((\\d+)\\)')) AS keptDays
    FROM system.tables AS t
    WHERE t.database = 'cordon' AND t.engine LIKE '%MergeTree'
  )
SELECT
  kept.name AS "Table",
  stored AS "Rows",
  octets AS "On disk",
  octets / stored AS "Octets a row",
  if(oldest <= toDateTime(0), NULL, toDateTime64(oldest, 3, 'UTC')) AS "Oldest",
  if(newest <= toDateTime(0), NULL, toDateTime64(newest, 3, 'UTC')) AS "Newest",
  if(keptDays = 0, NULL, keptDays) AS "Kept days",
  if(newest <= oldest, NULL, octets / greatest(1, (toUnixTimestamp(newest) - toUnixTimestamp(oldest)) / 86400)) AS "Octets a day"
FROM kept
LEFT JOIN limits ON limits.name = kept.name
ORDER BY "On disk" DESC, "Table"
LIMIT 50
