-- Octets that each asset sent to each country: a row for each pair, which the panel turns into a matrix. The twelve countries and forty assets that most went to
-- and came from; what else there is, is "others". Where several sensors saw the same conversation, the largest count stands for it.
WITH sent AS (
  SELECT owner, where, sum(octets) AS octets
  FROM (
    SELECT toString(asset) AS owner, if(p.country = '', 'unknown', p.country) AS where, counted AS octets
    FROM (
      SELECT asset, peerAddress, sum(most) AS counted
      FROM (
        SELECT asset, peerAddress, protocol, port, max(bySensor) AS most
        FROM (
          SELECT asset, peerAddress, protocol, port, sensor, sum(octetsOut) AS bySensor
          FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
          WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
            AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
          GROUP BY asset, peerAddress, protocol, port, sensor
        )
        GROUP BY asset, peerAddress, protocol, port
      )
      GROUP BY asset, peerAddress
    ) AS t
    LEFT ANY JOIN cordon.peer_places_current AS p USING (peerAddress)
  )
  GROUP BY owner, where
),
countries AS (SELECT where FROM sent GROUP BY where ORDER BY sum(octets) DESC, where LIMIT 12),
owners AS (SELECT owner FROM sent GROUP BY owner ORDER BY sum(octets) DESC, owner LIMIT 40)
SELECT "Asset", "Country", "Octets out"
FROM (
  SELECT
    if(owner IN (SELECT owner FROM owners), owner, 'others') AS "Asset",
    if(where IN (SELECT where FROM countries), where, 'others') AS "Country",
    sum(octets) AS "Octets out",
    sum("Octets out") OVER (PARTITION BY "Asset") AS ofAsset,
    sum("Octets out") OVER (PARTITION BY "Country") AS ofCountry
  FROM sent
  GROUP BY "Asset", "Country"
)
ORDER BY "Country" = 'others', ofCountry DESC, "Country", "Asset" = 'others', ofAsset DESC, "Asset"
