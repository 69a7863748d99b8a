-- The findings of the time range, each with how it stands, as detector/decisions/standing.ts decides it: by its own last decision, or by the oldest mute in
-- force that it lies in. Mutes are found by their asset, or by none for those of a whole fleet: a finding meets few of them, however many there are.
-- A time of day is not computed here: such a mute closes only the finding that it was made on, and only while that has not changed since. So a screen
-- shows rather more than the command line, and never less.
own AS (
  SELECT
    finding,
    argMax((toString(verb), author, effective, until, toInt8(severity), timezone != '', findingRevision, id), (at, id)) AS last,
    maxIf(at, verb = 'reopen') AS reopenedAt
  FROM cordon.decisions_current
  WHERE finding != ''
  GROUP BY finding
),
mutes_in_force AS (
  SELECT
    asset AS mutedAsset, at, id AS mute, toString(verb) AS verb, author, until, detection, claim, fleet, peerName, peerAsn, protocol, port, peer,
    position(peer, ':') > 0 AS isIpv6,
    multiIf(peer = '', '::/0', position(peer, '/') > 0, peer, position(peer, ':') > 0, concat(peer, '/128'), concat(peer, '/32')) AS network
  FROM cordon.decisions_current
  WHERE finding != '' AND verb IN ('noise', 'expected') AND until > now64(3) AND timezone = ''
),
muted AS (
  SELECT f.id AS mutedId, argMin((m.verb, m.author, m.until, m.mute), (m.at, m.mute)) AS mute
  FROM (
    SELECT
      id, detection, claim, fleet, peerName, peerAsn, protocol, port, replaceRegexpOne(toString(peerAddress), '^::ffff:', '') AS peerText,
      arrayJoin([asset, '']) AS assetOrAny
    FROM cordon.findings_current
    WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
  ) AS f
  INNER JOIN mutes_in_force AS m ON m.mutedAsset = f.assetOrAny
  LEFT JOIN own AS o ON o.finding = f.id
  WHERE m.at > o.reopenedAt
    AND (m.detection = '' OR m.detection = f.detection) AND (m.claim = '' OR m.claim = f.claim)
    AND (m.fleet = '' OR m.fleet = f.fleet) AND (m.peerName = '' OR m.peerName = f.peerName)
    AND (m.peerAsn = 0 OR m.peerAsn = f.peerAsn) AND (m.protocol = 0 OR m.protocol = f.protocol) AND (m.port = 0 OR m.port = f.port)
    AND (m.peer = '' OR (f.peerText != '::' AND (position(f.peerText, ':') > 0) = m.isIpv6 AND isIPAddressInRange(f.peerText, m.network)))
  GROUP BY f.id
),
standing AS (
  SELECT
    f.*,
    mu.mute.1 != '' AND mu.mute.4 != o.last.8 AS byMute,
    multiIf(
      byMute, 'closed',
      o.last.1 = 'acknowledge' AND toInt8(f.severity) <= o.last.5, 'acknowledged',
      o.last.1 = 'incident' AND (f.lastSeen < o.last.3 OR f.revision <= o.last.7), 'closed',
      o.last.1 IN ('expected', 'noise') AND o.last.4 > now64(3) AND (NOT o.last.6 OR f.revision = o.last.7), 'closed',
      'open') AS state,
    multiIf(state != 'closed', '', byMute, mu.mute.1, o.last.1) AS word,
    if(byMute, mu.mute.2, o.last.2) AS author,
    if(byMute, mu.mute.3, o.last.4) AS until,
    multiIf(
      state != 'open', '',
      o.last.1 = 'acknowledge', 'graver than when acknowledged',
      o.last.1 = 'incident', 'seen again since it was closed',
      o.last.1 = 'reopen', 'reopened',
      o.last.1 IN ('expected', 'noise'), concat(o.last.1, ' no longer holds'),
      '') AS why
  FROM (SELECT * FROM cordon.findings_current WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime) AS f
  LEFT JOIN own AS o ON o.finding = f.id
  LEFT JOIN muted AS mu ON mu.mutedId = f.id
)
