-- Channels that these sensors cannot see, as the claim's author wrote them down: what no verdict speaks of.
SELECT claim AS "Claim", fleet AS "Fleet", channel AS "Not seen by these sensors"
FROM (
  SELECT claim, fleet, arrayJoin(JSONExtract(residual, 'Array(String)')) AS channel
  FROM (
    SELECT claim, fleet, residual, claimsId
    FROM cordon.verdicts_current
    WHERE periodFrom < $__toTime AND periodTo > $__fromTime
      AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
      AND $__conditionalAll(claim IN (${claim:singlequote}), $claim)
    ORDER BY periodTo DESC, revision DESC
    LIMIT 1 BY claimsId, claim, fleet
  )
)
ORDER BY claim, fleet, channel
LIMIT 500
