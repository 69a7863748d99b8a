// Prints asset and number (octetDeltaCount, see v5-sender.ts) of every stored flow, as JSON: node flow-numbers.mjs FOLDER. A process of its own, as content.mjs.
import { createStore } from '../../../dist/detector/store/store.js';

const store = createStore({ kind: 'chdb', path: process.argv[2], retention: 'keep' });
await store.start();
const { rows } = await store.query('SELECT asset, octetDeltaCount AS number FROM flows WHERE mirror = 0');
await store.close();
process.stdout.write(JSON.stringify(rows.map(({ asset, number }) => ({ asset, number: Number(number) }))));
