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
-- include shared/of-country
          GROUP BY asset, peerAddress, protocol, port, sensor
        )
        GROUP BY asset, peerAddress, protocol, port
      )
      GROUP BY asset, peerAddress
    ) AS t
    LEFT ANY JOIN cordon.peer_places_current AS p USING (peerAddress)
  )
  GROUP BY owner, where
)
SELECT
  if(assetRank <= 40, owner, 'others') AS "Asset",
  if(countryRank <= 12, where, 'others') AS "Country",
  sum(octets) AS "Octets out"
FROM (
  SELECT owner, where, octets, dense_rank() OVER (ORDER BY ofAsset DESC, owner) AS assetRank, dense_rank() OVER (ORDER BY ofCountry DESC, where) AS countryRank
  FROM (
    SELECT owner, where, octets, sum(octets) OVER (PARTITION BY owner) AS ofAsset, sum(octets) OVER (PARTITION BY where) AS ofCountry
    FROM sent
  )
)
GROUP BY "Asset", "Country"
ORDER BY min(countryRank), min(assetRank)
LIMIT 533
