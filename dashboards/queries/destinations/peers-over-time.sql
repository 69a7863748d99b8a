-- Different peers per asset and interval: a device that begins to look around shows here. The twenty assets with most.
-- uniqCombined64 is exact up to some ten thousand peers of an asset, and who is in the twenty is all that it decides.
WITH widest AS (
  SELECT asset FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
  GROUP BY asset
  ORDER BY uniqCombined64(peerAddress) DESC, asset
  LIMIT 20
)
SELECT $__timeInterval(bucket) AS time, toString(owner) AS asset, uniqExact(peerAddress) AS "Peers"
FROM (
  SELECT bucket, asset AS owner, peerAddress FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = $__interval_s)
  WHERE asset IN (SELECT asset FROM widest)
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
-- include shared/of-country
)
GROUP BY time, asset
ORDER BY time, asset
