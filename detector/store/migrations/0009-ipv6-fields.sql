-- Whether what an exporter sends can tell IPv6 addresses at all.
ALTER TABLE coverage
    ADD COLUMN IF NOT EXISTS ipv6Fields UInt8 COMMENT 'whether the record formats in force could tell IPv6 addresses: 2 they could, 1 they could not, 0 not told (captures, logs)';

-- As before, with the new column.
CREATE OR REPLACE VIEW coverage_minutes AS
SELECT
    coverage.minute AS minute,
    coverage.sensor AS sensor,
    coverage.exporterIPv6Address AS exporterIPv6Address,
    coverage.observationDomainId AS observationDomainId,
    coverage.exportProtocol AS exportProtocol,
    min(coverage.firstMessageMilliseconds) AS firstMessageMilliseconds,
    max(coverage.lastMessageMilliseconds) AS lastMessageMilliseconds,
    sum(coverage.observedMilliseconds) AS observedMilliseconds,
    sum(coverage.messagesSent) AS messagesSent,
    sum(coverage.messagesReceived) AS messagesReceived,
    sum(coverage.messagesLost) AS messagesLost,
    sum(coverage.messagesDuplicate) AS messagesDuplicate,
    sum(coverage.messagesMalformed) AS messagesMalformed,
    sum(coverage.messagesRefused) AS messagesRefused,
    sum(coverage.recordsSent) AS recordsSent,
    sum(coverage.recordsReceived) AS recordsReceived,
    sum(coverage.recordsLost) AS recordsLost,
    max(coverage.lossEstimated) AS lossEstimated,
    sum(coverage.recordsDecoded) AS recordsDecoded,
    sum(coverage.recordsUndecodable) AS recordsUndecodable,
    sum(coverage.recordsMalformed) AS recordsMalformed,
    sum(coverage.recordsDuplicate) AS recordsDuplicate,
    sum(coverage.recordsRefused) AS recordsRefused,
    sum(coverage.recordsProduced) AS recordsProduced,
    sum(coverage.recordsUnwatched) AS recordsUnwatched,
    sum(coverage.optionsRecords) AS optionsRecords,
    sum(coverage.templatesReceived) AS templatesReceived,
    sum(coverage.templatesMissing) AS templatesMissing,
    sum(coverage.templatesChanged) AS templatesChanged,
    sum(coverage.restarts) AS restarts,
    sum(coverage.kernelDrops) AS kernelDrops,
    max(coverage.samplingInterval) AS samplingInterval,
    if(countIf(NOT isNaN(coverage.clockOffsetMilliseconds)) = 0, nan, minIf(coverage.clockOffsetMilliseconds, NOT isNaN(coverage.clockOffsetMilliseconds))) AS clockOffsetMilliseconds,
    sum(coverage.recordsHeld) AS recordsHeld,
    sum(coverage.recordsReleased) AS recordsReleased,
    sum(coverage.recordsNotExported) AS recordsNotExported,
    sum(coverage.packetsMissed) AS packetsMissed,
    sum(coverage.packetsSelected) AS packetsSelected,
    sum(coverage.packetsPool) AS packetsPool,
    sum(coverage.interfaceOctets) AS interfaceOctets,
    sum(coverage.estimatedOctets) AS estimatedOctets,
    sum(coverage.messagesOverrun) AS messagesOverrun,
    sum(coverage.messagesQuarantined) AS messagesQuarantined,
    sum(coverage.silentMilliseconds) AS silentMilliseconds,
    max(coverage.ipv6Fields) AS ipv6Fields
FROM coverage
GROUP BY minute, sensor, exporterIPv6Address, observationDomainId, exportProtocol;
