import { FlowBatch } from '../../flow/batch.js';
import type { WatchList } from '../../flow/watch-list.js';
import type { Store } from '../store/store-types.js';
import { addFlow } from './flow-rows.js';
import type { RowText } from './flow-text.js';
import type { Learner } from './learn.js';

/** Groups of one day that are read; more is said, not read. */
export const MAX_GROUPS_PER_DAY = 200_000;

/** Local days with flows, the latest first. */
async function daysOf(store: Store, days: number): Promise<string[]> {
  const { rows } = await store.query<{ day: string }>(
    'SELECT DISTINCT toString(toDate(f.flowStartMilliseconds)) AS day FROM flows AS f ORDER BY day DESC LIMIT {days:UInt16}',
    { days },
  );
  return rows.map(({ day }) => day).sort();
}

/**
 * Feeds the flows of the last `days` days that have any to the learner, connections of one kind and day in one row: where the exporter told who began, the
 * port of that end does not matter. Answers with the days of which not everything was read.
 */
export async function learnStored(store: Store, watchList: WatchList, learner: Learner, days: number): Promise<string[]> {
  const cut: string[] = [];
  for (const day of await daysOf(store, days)) {
    const { rows } = await store.query<Record<string, string | number>>(
      `SELECT toUnixTimestamp64Milli(min(f.flowStartMilliseconds)) AS firstMs, toUnixTimestamp64Milli(max(f.flowEndMilliseconds)) AS lastMs,
         f.sourceIPv6Address AS source, f.destinationIPv6Address AS destination, f.protocolIdentifier AS protocol,
         if(f.initiatorConfidence >= 90 AND f.initiator = 'source', 0, f.sourceTransportPort) AS sourcePort,
         if(f.initiatorConfidence >= 90 AND f.initiator = 'destination', 0, f.destinationTransportPort) AS destinationPort,
         toString(f.initiator) AS began, f.initiatorConfidence AS sure,
         groupBitOr(f.tcpControlBits) AS flags, groupBitOr(f.reverseTcpControlBits) AS reverseFlags,
         sum(f.octetDeltaCount) AS octets, sum(f.packetDeltaCount) AS packets,
         sum(f.reverseOctetDeltaCount) AS reverseOctets, sum(f.reversePacketDeltaCount) AS reversePackets, min(f.biflow) AS twoWay,
         max(toInt8(f.completion)) AS far, any(f.icmpTypeCode) AS icmp,
         uniqExact(f.sourceTransportPort, f.destinationTransportPort) AS sessions
       FROM flows AS f WHERE toDate(f.flowStartMilliseconds) = toDate({day:String}) AND f.mirror = 0
       GROUP BY source, destination, protocol, sourcePort, destinationPort, began, sure, toHour(f.flowStartMilliseconds)
       ORDER BY firstMs, source, destination, protocol, sourcePort, destinationPort LIMIT {limit:UInt32}`,
      { day, limit: MAX_GROUPS_PER_DAY },
    );
    if (rows.length === MAX_GROUPS_PER_DAY) cut.push(day);
    for (const row of rows) {
      const batch = new FlowBatch(16);
      for (const filed of addFlow(batch, watchList, rowText(row))) learner.add(batch, filed, Number(row.sessions));
    }
  }
  return cut;
}

function rowText(row: Readonly<Record<string, string | number>>): RowText {
  const number = (name: string): number => Number(row[name]);
  return {
    flowStartMilliseconds: number('firstMs'),
    flowEndMilliseconds: number('lastMs'),
    sourceIPv6Address: String(row.source),
    destinationIPv6Address: String(row.destination),
    sourceTransportPort: number('sourcePort'),
    destinationTransportPort: number('destinationPort'),
    protocolIdentifier: number('protocol'),
    tcpControlBits: number('flags'),
    reverseTcpControlBits: number('reverseFlags'),
    octetDeltaCount: number('octets'),
    packetDeltaCount: number('packets'),
    reverseOctetDeltaCount: number('reverseOctets'),
    reversePacketDeltaCount: number('reversePackets'),
    biflow: number('twoWay'),
    icmpTypeCode: number('icmp'),
    initiator: String(row.began),
    initiatorConfidence: number('sure'),
    completion: ['unknown', 'attempt', 'established', 'transferred'][number('far')] ?? 'unknown',
  };
}
