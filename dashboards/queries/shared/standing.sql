-- How each finding of the time range stands, as detector/decisions/standing.ts decides it: its own last decision, or the oldest mute in force that it lies in.
-- A time of day is not computed here: such a mute closes only the finding that it was made on, and only while that has not changed since. So a screen
-- shows rather more than the command line, and never less.
decisions_in_force AS (SELECT * FROM cordon.decisions_current WHERE finding != ''),
own AS (
  SELECT
    finding,
    argMax((toString(verb), author, at, effective, until, toInt8(severity), timezone != '', findingRevision, id), (at, id)) AS last,
    maxIf(at, verb = 'reopen') AS reopenedAt
  FROM decisions_in_force
  GROUP BY finding
),
mutes_in_force AS (
  SELECT
    *, position(peer, ':') > 0 AS isIpv6,
    multiIf(peer = '', '::/0', position(peer, '/') > 0, peer, position(peer, ':') > 0, concat(peer, '/128'), concat(peer, '/32')) AS network
  FROM decisions_in_force
  WHERE verb IN ('noise', 'expected') AND until > now64(3) AND timezone = ''
),
found AS (
  SELECT *, replaceRegexpOne(toString(peerAddress), '^::ffff:', '') AS peerText
  FROM cordon.findings_current
  WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
),
muted AS (
  SELECT f.id AS id, argMin((toString(m.verb), m.author, m.at, m.until, m.id, m.finding), (m.at, m.id)) AS mute
  FROM found AS f
  CROSS JOIN mutes_in_force AS m
  LEFT JOIN own AS o ON o.finding = f.id
  WHERE m.at > o.reopenedAt
    AND m.detection IN ('', f.detection) AND m.claim IN ('', f.claim) AND m.fleet IN ('', f.fleet) AND m.asset IN ('', f.asset)
    AND m.peerName IN ('', f.peerName) AND m.peerAsn IN (0, f.peerAsn) AND m.protocol IN (0, f.protocol) AND m.port IN (0, f.port)
    AND (m.peer = '' OR (f.peerText != '::' AND (position(f.peerText, ':') > 0) = m.isIpv6 AND isIPAddressInRange(f.peerText, m.network)))
  GROUP BY f.id
),
standing AS (
  SELECT
    f.id AS id,
    mu.mute.1 != '' AND mu.mute.5 != o.last.9 AS byMute,
    multiIf(
      byMute, 'closed',
      o.last.1 = 'acknowledge' AND toInt8(f.severity) <= o.last.6, 'acknowledged',
      o.last.1 = 'incident' AND f.lastSeen < o.last.4, 'closed',
      o.last.1 IN ('expected', 'noise') AND o.last.5 > now64(3) AND (NOT o.last.7 OR f.revision = o.last.8), 'closed',
      'open') AS state,
    multiIf(state != 'closed', '', byMute, mu.mute.1, o.last.1) AS word,
    multiIf(byMute, mu.mute.2, o.last.2) AS author,
    if(byMute, mu.mute.4, o.last.5) AS until,
    multiIf(
      state != 'open', '',
      o.last.1 = 'acknowledge', 'graver than when acknowledged',
      o.last.1 = 'incident', 'seen again since it was closed',
      o.last.1 = 'reopen', 'reopened',
      o.last.1 IN ('expected', 'noise'), concat(o.last.1, ' no longer holds'),
      '') AS why
  FROM found AS f
  LEFT JOIN own AS o ON o.finding = f.id
  LEFT JOIN muted AS mu ON mu.id = f.id
)
