-- The disk: what the store takes, what is free, and in how many days it is full if each table goes on as it did since its oldest row. A table that has reached the
-- days it is kept gives back as much as it takes.
WITH
  kept AS (
    SELECT p.table AS name, sum(p.bytes_on_disk) AS octets,
      (toUnixTimestamp(maxIf(p.max_time, p.max_time > toDateTime(0))) - toUnixTimestamp(minIf(p.min_time, p.min_time > toDateTime(0)))) / 86400 AS days
    FROM system.parts AS p
    WHERE p.database = 'cordon' AND p.active AND p.rows > 0
    GROUP BY name
  ),
  limits AS (
    SELECT t.name AS name, toUInt32OrZero(extract(t.engine_full, 'toIntervalDay\\((\\d+)\\)')) AS keptDays
    FROM system.tables AS t
    WHERE t.database = 'cordon' AND t.engine LIKE '%MergeTree'
  ),
  (SELECT sum(unreserved_space) FROM system.disks) AS free,
  (SELECT sum(total_space) FROM system.disks) AS whole
SELECT
  sum(octets) AS "Store",
  any(free) AS "Free",
  any(free) / any(whole) AS "Share free",
  sumIf(octets / greatest(1, days), days > 0 AND (keptDays = 0 OR days < keptDays)) AS "Growth a day",
  if("Growth a day" = 0, NULL, any(free) / "Growth a day") AS "Days until full"
FROM kept
LEFT JOIN limits ON limits.name = kept.name
HAVING count() > 0
