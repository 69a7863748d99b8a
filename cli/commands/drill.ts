import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import type { CompiledClaims, CompiledDrill } from '../../detector/claims/compiled.js';
import { DRILL_PACKETS, DRILL_PAYLOAD, type DrillFlow, drillMessage } from '../../detector/drills/message.js';
import type { Store } from '../../detector/store/store.js';
import { formatAddress } from '../../flow/address.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { loadClaimSets } from '../wiring/claim-sets.js';
import { configuredStore } from '../wiring/stores.js';
import { type CommonFlags, commonSettings, withCommonFlags } from './common.js';

interface DrillFlags extends CommonFlags {
  exporter?: string;
  domain: string;
  registry?: string;
  timeout: string;
  repeat?: boolean;
  wait: boolean;
}

/** How often the store is asked whether the drill has come. */
const POLL_MS = 1000;

/** `cordon drill`: sends what a claim file declares as a drill, and sees whether it comes out at the other end. */
export function drillCommand(): Command {
  return withCommonFlags(
    new Command('drill')
      .description('Send a drill: a registered harmless flow that shows that the chain works, and wait until the store has it')
      .argument('[name]', 'drill of the claim files (default: the only one)')
      .option('--exporter <host:port>', 'send the flow record of such a flow (IPFIX over UDP) to a collector, instead of the flow')
      .option('--domain <number>', 'observation domain of that record', '0')
      .option('--registry <file>', 'append what was sent, one JSON object a line')
      .option('--timeout <seconds>', 'how long to wait for it', '120')
      .option('--repeat', 'one in every slot, until stopped')
      .option('--no-wait', 'send only; another host looks for it'),
  )
    .addHelpText(
      'after',
      `
The flow is UDP from this host, whose address must be the drill's probe; the key is the file that drills.keyFile names.
Exit codes: 0 seen (or sent, with --no-wait) · 2 not seen in time · 4 wrong usage.

Example:
  cordon drill border --config cordon.yaml --registry drills.jsonl`,
    )
    .action(async (name: string | undefined, flags: DrillFlags) => {
      const { config, approvals } = commonSettings(flags);
      if (config.drills.keyFile === undefined) throw new UsageError('name the key of the drills in the configuration: drills.keyFile');
      const { sets } = loadClaimSets(config.claims.map((file) => ({ file, approvals, lookup: config.lookup })));
      const { claims, drill } = chosen(sets, name);
      const seconds = Number(flags.timeout);
      if (!(seconds > 0)) throw new UsageError('--timeout is a number of seconds');
      const exporter = flags.exporter === undefined ? undefined : endpointOf(flags.exporter);
      const store = flags.wait ? configuredStore(config, 'keep') : undefined;
      try {
        await store?.start();
        for (;;) {
          const sent = await send(claims, drill, exporter, Number(flags.domain));
          if (flags.registry !== undefined)
            appendFileSync(flags.registry, `${JSON.stringify({ claims: claims.id, drill: drill.name, ...sent })}\n`);
          const latencyMs = store === undefined ? 0 : await seenAfter(store, sent, seconds * 1000);
          if (latencyMs === undefined) process.stdout.write(`${drill.name}: not seen within ${seconds} s\n`);
          else
            process.stdout.write(
              store === undefined ? `${drill.name}: sent\n` : `${drill.name}: seen after ${(latencyMs / 1000).toFixed(1)} s\n`,
            );
          if (flags.repeat !== true && latencyMs === undefined) throw new Exit(EXIT.notProven);
          if (flags.repeat !== true) return;
          await pause(drill.everyMs - (Date.now() % drill.everyMs));
        }
      } finally {
        await store?.close();
      }
    });
}

function chosen(sets: readonly CompiledClaims[], name: string | undefined): { claims: CompiledClaims; drill: CompiledDrill } {
  const all = sets.flatMap((claims) => claims.drills.map((drill) => ({ claims, drill })));
  const found = all.filter(({ drill }) => name === undefined || drill.name === name);
  const [only] = found;
  const names = all.map(({ drill }) => drill.name).join(', ');
  if (only === undefined)
    throw new UsageError(all.length === 0 ? 'the claim files declare no drills' : `there is no such drill; there are ${names}`);
  if (found.length > 1) throw new UsageError(`name one of the drills: ${names}`);
  return only;
}

function endpointOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !(port >= 1 && port <= 65_535)) throw new UsageError(`--exporter takes host:port, not '${text}'`);
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

async function send(
  claims: CompiledClaims,
  drill: CompiledDrill,
  exporter: { host: string; port: number } | undefined,
  domain: number,
): Promise<DrillFlow> {
  const atMs = Date.now();
  const ports = drill.portsOf(Math.floor(atMs / drill.everyMs))!;
  const source = formatAddress(claims.watchList.assets[drill.probe]!.prefixes[0]!.bytes);
  const destination = formatAddress(drill.sink);
  const flow = { source, destination, sourcePort: ports.source, destinationPort: ports.destination, atMs };
  if (!isIPv4(source) || !isIPv4(destination))
    throw new UsageError('drills are sent over IPv4; give the probe and the sink IPv4 addresses');
  const socket = createSocket(exporter === undefined || isIPv4(exporter.host) ? 'udp4' : 'udp6');
  const deliver = (bytes: Buffer, port: number, host: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  try {
    if (exporter !== undefined) await deliver(drillMessage(flow, domain), exporter.port, exporter.host);
    else {
      socket.bind(ports.source, source);
      await once(socket, 'listening');
      for (let packet = 0; packet < DRILL_PACKETS; packet++) await deliver(DRILL_PAYLOAD, ports.destination, destination);
    }
  } catch (error) {
    throw new UsageError(
      `the drill cannot be sent from ${source} (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}); run it on the probe, or name a collector with --exporter`,
    );
  } finally {
    socket.close();
  }
  return flow;
}

/** Time from sending until the store had it; undefined when it had it not in time. */
async function seenAfter(store: Store, flow: DrillFlow, timeoutMs: number): Promise<number | undefined> {
  while (Date.now() - flow.atMs < timeoutMs) {
    const { rows } = await store.query<{ found: string | number }>(
      `SELECT count() AS found FROM flows WHERE protocolIdentifier = 17 AND sourceTransportPort = {source:UInt16}
       AND destinationTransportPort = {destination:UInt16} AND flowStartMilliseconds >= fromUnixTimestamp64Milli({from:Int64})`,
      { source: flow.sourcePort, destination: flow.destinationPort, from: flow.atMs - timeoutMs },
    );
    if (Number(rows[0]?.found ?? 0) > 0) return Date.now() - flow.atMs;
    await pause(POLL_MS);
  }
  return undefined;
}
