// Prints the coverage ledger of a store folder, one JSON object per exporter, protocol and minute: node ledger.mjs FOLDER. A process of its own, because
// the embedded engine opens one folder in its life.
import { createStore } from '../../../dist/detector/store/store.js';

const SUMS = [
  'messagesSent',
  'messagesReceived',
  'messagesLost',
  'messagesDuplicate',
  'messagesMalformed',
  'recordsSent',
  'recordsReceived',
  'recordsLost',
  'recordsDecoded',
  'recordsUndecodable',
  'recordsProduced',
  'recordsUnwatched',
  'restarts',
  'kernelDrops',
];

const store = createStore({ kind: 'chdb', path: process.argv[2], retention: 'keep' });
await store.start();
const { rows } = await store.query(
  `SELECT sensor, toString(exporterIPv6Address) AS exporter, exportProtocol AS protocol, toUnixTimestamp(minute) AS second,
   ${SUMS.map((name) => `toUInt32(sum(c.${name})) AS ${name}`).join(', ')}
   FROM coverage AS c GROUP BY sensor, exporterIPv6Address, exportProtocol, minute ORDER BY sensor, minute`,
);
await store.close();
process.stdout.write(JSON.stringify(rows));
