-- The rows that a finding keeps, as pointers into the telemetry, with what finds the same packets elsewhere: a display filter for Wireshark, and for TCP, UDP
-- and SCTP the Community ID (version 1, seed 0: SHA-1 over seed, the lower and the higher end, protocol and ports, in network order).
WITH kept AS (
  SELECT id, protocol, arrayJoin(JSONExtractArrayRaw(evidence)) AS row
  FROM cordon.findings_current
  WHERE lastSeen >= $__fromTime AND firstSeen <= $__toTime
    AND $__conditionalAll(id IN (${finding:singlequote}), $finding)
  LIMIT 1000
),
told AS (
  SELECT
    id, protocol, row,
    JSONExtractString(row, 'source') AS source,
    JSONExtractString(row, 'destination') AS destination,
    toUInt16(JSONExtractUInt(row, 'sourcePort')) AS sourcePort,
    toUInt16(JSONExtractUInt(row, 'destinationPort')) AS destinationPort,
    position(source, ':') = 0 AS isIpv4,
    IPv6StringToNumOrDefault(source) AS rawSource,
    IPv6StringToNumOrDefault(destination) AS rawDestination,
    if(isIpv4, substring(toString(rawSource), 13, 4), toString(rawSource)) AS a,
    if(isIpv4, substring(toString(rawDestination), 13, 4), toString(rawDestination)) AS b,
    (a, sourcePort) <= (b, destinationPort) AS ordered
  FROM kept
)
SELECT
  fromUnixTimestamp64Milli(JSONExtractInt(row, 'startMs'), 'UTC') AS "Start",
  fromUnixTimestamp64Milli(JSONExtractInt(row, 'endMs'), 'UTC') AS "End",
  concat(source, if(sourcePort = 0, '', concat(' ', toString(sourcePort)))) AS "Source",
  concat(destination, if(destinationPort = 0, '', concat(' ', toString(destinationPort)))) AS "Destination",
  JSONExtractUInt(row, 'octets') AS "Octets",
  JSONExtractUInt(row, 'reverseOctets') AS "Octets back",
  JSONExtractUInt(row, 'samplingInterval') AS "Sampling 1 in",
  JSONExtractString(row, 'sensor') AS "Sensor",
  concat(JSONExtractString(row, 'exporter'), '/', toString(JSONExtractUInt(row, 'domain')), ' #', toString(JSONExtractUInt(row, 'sequence')), '.',
    toString(JSONExtractUInt(row, 'record'))) AS "Exporter/domain #sequence.record",
  concat(
    if(isIpv4, 'ip', 'ipv6'), '.addr == ', source, ' && ', if(isIpv4, 'ip', 'ipv6'), '.addr == ', destination,
    multiIf(
      protocol = 6, concat(' && tcp.port == ', toString(sourcePort), ' && tcp.port == ', toString(destinationPort)),
      protocol = 17, concat(' && udp.port == ', toString(sourcePort), ' && udp.port == ', toString(destinationPort)),
      '')) AS "Wireshark",
  if(protocol NOT IN (6, 17, 132), '', concat('1:', base64Encode(SHA1(concat(
    unhex('0000'), if(ordered, a, b), if(ordered, b, a), char(protocol), unhex('00'),
    unhex(leftPad(hex(if(ordered, sourcePort, destinationPort)), 4, '0')), unhex(leftPad(hex(if(ordered, destinationPort, sourcePort)), 4, '0'))))))) AS "Community ID"
FROM told
ORDER BY "Start", "Source", "Destination", id
LIMIT 500
