WITH chosen AS (
  SELECT * FROM cordon.verdicts_current
  WHERE periodFrom < $__toTime AND periodTo > $__fromTime
    AND $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(severity IN (${severity:singlequote}), $severity)
)
-- include shared/verdict-timeline
