-- What each asset exchanged with each peer by protocol and port, over the range. Where several sensors saw the same conversation, the largest count stands for it.
-- Asset, protocol and port are one number here, and the sensor another: numbers of 64 bits are grouped by in half the time of names.
SELECT peerAddress, any(owner) AS asset, any(ofProtocol) AS protocol, any(ofPort) AS port,
  max(sentBySensor) AS sent, max(receivedBySensor) AS received, max(flowsBySensor) AS flows
FROM (
  SELECT peerAddress, cityHash64(asset, protocol, port) AS conversation, cityHash64(sensor) AS seenBy,
    any(asset) AS owner, any(protocol) AS ofProtocol, any(port) AS ofPort,
    sum(octetsOut) AS sentBySensor, sum(octetsIn) AS receivedBySensor, sum(records) AS flowsBySensor
  FROM cordon.asset_peer_between(from = $__fromTime, to = $__toTime, step = 86400)
  WHERE $__conditionalAll(fleet IN (${fleet:singlequote}), $fleet)
    AND $__conditionalAll(asset IN (${asset:singlequote}), $asset)
-- include shared/of-country
  GROUP BY peerAddress, conversation, seenBy
)
GROUP BY peerAddress, conversation
