-- Windows and exceptions of the claims about the fleets of the assets.
WITH chosen AS (
  SELECT * FROM cordon.claim_windows_current
  WHERE fleet IN (SELECT fleet FROM cordon.asset_peers WHERE $__conditionalAll(asset IN (${asset:singlequote}), $asset))
)
-- include shared/windows
