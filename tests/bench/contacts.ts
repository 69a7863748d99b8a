/**
 * Whom 10 000 assets of 100 fleets met outside, asked of the embedded ClickHouse as the watch `fleet-contact` asks it: when nobody woke up, when all did in one hour, the
 * same a minute later, and whom one fleet and all of them know already. The rows are made inside the engine, straight in the tables that are asked. Prints figures; asserts nothing.
 *
 *   node <compiled>/tests/bench/contacts.js [assets]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTexts } from '../../detector/claims/load.js';
import { StoredContacts } from '../../detector/store/queries/contacts.js';
import { createStore, KEEP_FOREVER } from '../../detector/store/store.js';
import { HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { peakMiB, report } from './report.js';

const assets = Number(process.argv[2] ?? 10_000);
const FLEETS = 100;
/** What each asset knows: peers, and hours of four weeks in which it met one. */
const PEERS_EACH = 60;
const HOURS_EACH = 24 * 28;
const ALL_PEERS = 51_000;
/** Hours of the day at hand that are over, and records an asset in each. Everybody meets a new network in the last, and a peer of his own in the sixth. */
const HOURS = 12;
const RECORDS_AN_HOUR = 20;
const DAY_MS = Date.parse('2026-11-21T00:00:00Z');

const members = (fleet: number): string =>
  Array.from({ length: assets / FLEETS }, (_, n) => fleet + n * FLEETS)
    .map((asset) => `{ name: asset-${String(asset).padStart(5, '0')}, ip: ["10.${asset >> 8}.${asset & 255}.1"] }`)
    .join(', ');
const fleets = Array.from({ length: FLEETS }, (_, fleet) => `  fleet-${fleet}: { vendor: V, site: S, members: [${members(fleet)}] }`);
const text = `version: 1
id: bench
owner: o
timezone: UTC
fleets:
${fleets.join('\n')}
sensors: { fw: { kind: ipfix, exporter: "10.255.0.1", sees: [north-south] } }
claims:
  - { id: none, text: "Nothing goes far away.", subject: fleet-0, severity: low, assert: { only: [] }, coverage: { sensors: [fw], time: "99%", max_gap: PT10M } }
`;
const { claims } = compileTexts([{ file: 'bench.yaml', text }]).compilation;

process.env.UV_THREADPOOL_SIZE = '16'; // before the first file: libuv reads it once
const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
const store = createStore({ kind: 'chdb', path: folder, retention: KEEP_FOREVER });
await store.start();
await store.migrate();
await fill();
const filledMiB = peakMiB();

const contacts = new StoredContacts(claims);
const untilMs = DAY_MS + HOURS * HOUR_MS;
const found = (): string => `${contacts.contacts(DAY_MS, untilMs).length} contacts`;
const all = [...claims.fleets.keys()];
await measured('nobody woke up', async () => {
  await contacts.load(store, DAY_MS, DAY_MS + 5 * HOUR_MS);
  return found();
});
await measured('all woke up', async () => {
  await contacts.load(store, DAY_MS, untilMs);
  return found();
});
await measured('all, a minute later', async () => {
  await contacts.load(store, DAY_MS, untilMs + MINUTE_MS);
  return found();
});
await measured('whom one fleet knows', async () => {
  await contacts.loadFleets(store, all.slice(0, 1), DAY_MS);
  return `${contacts.meetings(0).length} meetings`;
});
await measured('whom all fleets know', async () => {
  await contacts.loadFleets(store, all, DAY_MS);
  return `${all.reduce((sum, fleet) => sum + contacts.meetings(fleet).length, 0)} meetings`;
});
process.stdout.write(`peak RSS                ${peakMiB()?.toFixed(0)} MiB, ${filledMiB?.toFixed(0)} when the store was filled\n`);
await store.close();
await rm(folder, { recursive: true });

async function measured(name: string, work: () => Promise<string>): Promise<void> {
  const cpuStarted = process.cpuUsage();
  const started = performance.now();
  const result = await work();
  const { user, system } = process.cpuUsage(cpuStarted);
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${name.padEnd(24)}${((user + system) / 1e6).toFixed(2)} s of processor time, ${seconds.toFixed(2)} s; ${result}\n`);
  // The peak is that of filling the store.
  report({ name: `whom fleets met: ${name}`, value: (user + system) / 1e6, unit: 's of processor time', peakMiB: null });
}

async function fill(): Promise<void> {
  const asset = `concat('asset-', leftPad(toString(number % ${assets}), 5, '0'))`;
  const fleet = `concat('fleet-', toString(number % ${assets} % ${FLEETS}))`;
  const peer = (of: string): string => `toIPv6(concat('2001:db8:', lower(hex(toUInt16(cityHash64(${of}) % ${ALL_PEERS}))), '::1'))`;
  const dayS = DAY_MS / 1000;
  await store.command(
    `INSERT INTO asset_peers SELECT ${asset}, ${fleet}, ${peer('number')}, toDateTime(${dayS} - 86400 * 30 + (number % 600) * 3600, 'UTC'), toDateTime(${dayS}, 'UTC')
     FROM numbers(${assets * PEERS_EACH})`,
  );
  await store.command(
    `INSERT INTO asset_peer_1h (bucket, sensor, fleet, asset, peerAddress, protocol, port, records)
     SELECT toDateTime(${dayS} - 3600 * (1 + intDiv(number, ${assets})), 'UTC'), 'fw', ${fleet}, ${asset}, ${peer('number % 10000')}, 6, 443 + number % 40, 10
     FROM numbers(${assets * HOURS_EACH})`,
  );
  for (let hour = 0; hour < HOURS; hour++) {
    const everybody = hour === HOURS - 1 ? `intDiv(number, ${assets}) = 0` : '0';
    const oneEach = hour === 5 ? `intDiv(number, ${assets}) = 1` : '0';
    await store.command(
      `INSERT INTO flows (flowStartMilliseconds, flowEndMilliseconds, sensor, fleet, asset, assetSide, sourceIPv6Address, destinationIPv6Address,
         sourceTransportPort, destinationTransportPort, protocolIdentifier, octetDeltaCount, packetDeltaCount, initiator)
       SELECT fromUnixTimestamp64Milli(toInt64(${DAY_MS + hour * HOUR_MS}) + number % 3600000) AS start, start, 'fw', ${fleet}, ${asset}, 'source',
         toIPv6(concat('10.', toString(intDiv(number % ${assets}, 256)), '.', toString(number % 256), '.1')),
         multiIf(${everybody}, toIPv6('2001:db8:ffff:1::1'), ${oneEach}, toIPv6(concat('2001:db8:', lower(hex(toUInt16(${ALL_PEERS} + number % ${assets}))), '::2')), ${peer('number % 10000')}),
         50000, 443, 6, 1000, 10, 'source'
       FROM numbers(${assets * RECORDS_AN_HOUR})`,
    );
  }
}
