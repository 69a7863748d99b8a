-- Octets that each asset sent to each country: a row for each pair, which the panel turns into a matrix. The twelve countries and forty assets that most went to
-- and came from; what else there is, is "others": one row less than its LIMIT is all
-- there can be.
WITH sent AS (
  SELECT toString(asset) AS owner, if(places.country = '', 'unknown', places.country) AS where, sum(sent) AS octets
  FROM (
-- include destinations/conversations
  ) AS met
  LEFT ANY JOIN cordon.peer_places_current AS places USING (peerAddress)
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
LIMIT 534
