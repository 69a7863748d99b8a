-- Versions of claim files that verdicts of the time range rest on: a new hash is a changed file.
SELECT
  claimsId AS "Claim file",
  claimsHash AS "sha256",
  min(periodFrom) AS "Judged from",
  max(periodTo) AS "Judged until",
  uniqExact(claim) AS "Claims"
FROM cordon.verdicts_current
WHERE periodFrom < $__toTime AND periodTo > $__fromTime
GROUP BY claimsId, claimsHash
ORDER BY "Judged from" DESC, "Claim file"
LIMIT 200
