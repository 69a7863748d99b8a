import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import type { CompiledClaims, CompiledDrill } from '../../detector/claims/compiled.js';
import { DRILL_PACKETS, DRILL_PAYLOAD, type DrillFlow, drillMessage } from '../../detector/drills/message.js';
import { formatAddress } from '../../flow/address.js';
import { Exit, UsageError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import { loadClaimSets } from '../wiring/claim-sets.js';
import { type DrillArrival, openDrillArrival } from '../wiring/drill-arrival.js';
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
The flow is UDP over IPv4 or IPv6, as the sink has it, from this host, whose address must be the drill's probe; the key is the file that drills.keyFile
names. Where cordon run or cordon store has the store open, it is asked whether the drill has come.
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
      const arrival = flags.wait ? await openDrillArrival(config) : undefined;
      try {
        for (;;) {
          const sent = await send(claims, drill, exporter, Number(flags.domain));
          if (flags.registry !== undefined)
            appendFileSync(flags.registry, `${JSON.stringify({ claims: claims.id, drill: drill.name, ...sent })}\n`);
          const latencyMs = arrival === undefined ? 0 : await seenAfter(arrival, sent, seconds * 1000);
          if (latencyMs === undefined) process.stdout.write(`${drill.name}: not seen within ${seconds} s\n`);
          else
            process.stdout.write(
              arrival === undefined ? `${drill.name}: sent\n` : `${drill.name}: seen after ${(latencyMs / 1000).toFixed(1)} s\n`,
            );
          if (flags.repeat !== true && latencyMs === undefined) throw new Exit(EXIT.notProven);
          if (flags.repeat !== true) return;
          await pause(drill.everyMs - (Date.now() % drill.everyMs));
        }
      } finally {
        await arrival?.close();
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

/** A host name may have addresses of either family: the socket is made for the one that is used. */
async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new UsageError(`--exporter: ${host} has no address (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  }
}

async function send(
  claims: CompiledClaims,
  drill: CompiledDrill,
  exporter: { host: string; port: number } | undefined,
  domain: number,
): Promise<DrillFlow> {
  const atMs = Date.now();
  const ports = drill.portsOf(Math.floor(atMs / drill.everyMs))!;
  const destination = formatAddress(drill.sink);
  const own = claims.watchList.assets[drill.probe]!.prefixes.map(({ bytes }) => formatAddress(bytes));
  const source = own.find((address) => isIPv4(address) === isIPv4(destination));
  if (source === undefined)
    throw new UsageError(
      `the probe of ${drill.name} (${own.join(', ')}) has no address of the sink's family (${destination}); give it one, or another sink`,
    );
  const flow = { source, destination, sourcePort: ports.source, destinationPort: ports.destination, atMs };
  const towards = exporter === undefined ? destination : await addressOf(exporter.host);
  const socket = createSocket(isIPv4(towards) ? 'udp4' : 'udp6');
  const deliver = (bytes: Buffer, port: number, host: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(bytes, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  try {
    if (exporter !== undefined) await deliver(drillMessage(flow, domain), exporter.port, towards);
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
async function seenAfter(arrival: DrillArrival, flow: DrillFlow, timeoutMs: number): Promise<number | undefined> {
  const { sourcePort, destinationPort, atMs } = flow;
  // An exporter's clock may be behind ours.
  const asked = { sourcePort, destinationPort, fromMs: atMs - timeoutMs };
  while (Date.now() - atMs < timeoutMs) {
    if (await arrival.hasArrived(asked)) return Date.now() - atMs;
    await pause(POLL_MS);
  }
  return undefined;
}
