-- Windows and exceptions of the claims.
WITH chosen AS (
  SELECT * FROM cordon.claim_windows_current
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
)
-- include shared/windows
