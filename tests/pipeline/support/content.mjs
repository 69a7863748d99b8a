// Prints what a store folder holds, as JSON: node content.mjs FOLDER. A process of its own, because the embedded engine opens one folder in its life.
import { createStore } from '../../../dist/detector/store/store.js';

/** Rows, and a sum over a hash of each: equal for equal rows in any order, different for a row that is lost, doubled or altered. */
const hashed = (from) => `SELECT toString(count()) AS rows, toString(sum(cityHash64(*))) AS hash FROM (${from})`;

// Rollups are compared as they are read: parts that are not merged yet hold several rows for one key.
const rollup = (table) =>
  `SELECT bucket, sensor, fleet, asset, peerAddress, protocol, port, sum(octetsOut), sum(octetsIn), sum(packetsOut), sum(packetsIn), sum(records),
   sum(attempts), max(samplingInterval) FROM ${table} GROUP BY bucket, sensor, fleet, asset, peerAddress, protocol, port`;

const QUESTIONS = {
  flows: hashed('SELECT * FROM flows'),
  flowSums: `SELECT toString(countIf(mirror = 0)) AS records, toString(countIf(mirror = 1)) AS mirrored,
    toString(sum(octetDeltaCount + reverseOctetDeltaCount)) AS octets FROM flows`,
  asset_peer_1m: hashed(rollup('asset_peer_1m')),
  asset_peer_1h: hashed(rollup('asset_peer_1h')),
  rollupSums: `SELECT toString(sum(records)) AS records, toString(sum(octetsOut + octetsIn)) AS octets FROM asset_peer_1m`,
  coverage: hashed('SELECT * FROM coverage'),
  coverage_minutes: hashed('SELECT * FROM coverage_minutes'),
  ledger: `SELECT toString(sum(messagesReceived)) AS messagesReceived, toString(sum(messagesLost)) AS messagesLost,
    toString(sum(messagesDuplicate)) AS messagesDuplicate, toString(sum(recordsReceived)) AS recordsReceived, toString(sum(recordsLost)) AS recordsLost,
    toString(sum(recordsProduced)) AS recordsProduced, toString(sum(kernelDrops)) AS kernelDrops FROM coverage`,
  findings: hashed('SELECT * FROM findings_current'),
  expiring: `SELECT toString(countIf(engine_full LIKE '% TTL %')) AS tables FROM system.tables WHERE database = currentDatabase()`,
};

const store = createStore({ kind: 'chdb', path: process.argv[2], retention: 'keep' });
await store.start();
const content = {};
for (const [name, sql] of Object.entries(QUESTIONS)) content[name] = (await store.query(sql)).rows[0];
await store.close();
process.stdout.write(JSON.stringify(content));
