import type { Prefix } from '../../flow/address.js';
import { drillPorts } from '../drills/nonce.js';
import { type AuxiliaryAsset, DRILL_PROBES, nameOf, overlap } from './auxiliary.js';
import type { ClaimSet } from './claim-set.js';
import type { CompiledDrill, DrillPorts } from './compiled.js';
import { durationMs } from './units.js';

/** Slots whose ports are remembered; records of one time ask for three. */
const REMEMBERED_SLOTS = 64;

/** Probes that are no members of a fleet and lie in no member's network: they are watched beside the fleets. */
export function drillProbes(
  set: ClaimSet,
  watched: readonly { readonly prefixes: readonly Prefix[] }[],
  prefixOf: (text: string) => Prefix,
): AuxiliaryAsset[] {
  const probes = new Map<string, AuxiliaryAsset>();
  for (const { value } of set.drills.values()) {
    if (isMember(set, value.fleet, value.probe)) continue;
    const prefix = prefixOf(value.probe);
    const name = nameOf(prefix);
    if (watched.some(({ prefixes }) => prefixes.some((theirs) => overlap(theirs, prefix)))) continue;
    probes.set(name, { name, label: DRILL_PROBES, fleet: value.fleet, unit: name, prefix });
  }
  return [...probes.values()];
}

/** `key` undefined: no drill is recognised, and what is sent to the sink is judged as what it is. */
export function compileDrills(
  set: ClaimSet,
  assets: readonly { readonly name: string }[],
  assetOf: (address: Uint8Array) => number,
  prefixOf: (text: string) => Prefix,
  key: Uint8Array | undefined,
): CompiledDrill[] {
  const fleets = [...set.fleets.keys()];
  return [...set.drills].map(([name, { value }]) => {
    const sink = prefixOf(value.sink);
    const probe = isMember(set, value.fleet, value.probe)
      ? assets.findIndex((asset) => asset.name === value.probe)
      : assetOf(prefixOf(value.probe).bytes);
    return {
      name,
      fleet: fleets.indexOf(value.fleet),
      probe,
      everyMs: durationMs(value.every, 0),
      sink: sink.bytes,
      isSink: (bytes, offset) => overlap({ bytes: bytes.subarray(offset, offset + 16), length: 128 }, sink),
      port: value.port ?? 0,
      portsOf: key === undefined ? () => undefined : remembered((slot) => portsOf(key, set.id, name, slot, value.port)),
    };
  });
}

function isMember(set: ClaimSet, fleet: string, name: string): boolean {
  return set.fleets.get(fleet)!.value.members.some((member) => member.name === name);
}

function portsOf(key: Uint8Array, claimsId: string, drill: string, slot: number, port: number | undefined): DrillPorts {
  const ports = drillPorts(key, claimsId, drill, slot);
  return port === undefined ? ports : { source: ports.source, destination: port };
}

function remembered(make: (slot: number) => DrillPorts): (slot: number) => DrillPorts {
  const made = new Map<number, DrillPorts>();
  return (slot) => {
    let ports = made.get(slot);
    if (ports === undefined) {
      ports = make(slot);
      made.set(slot, ports);
      if (made.size > REMEMBERED_SLOTS) made.delete(made.keys().next().value!);
    }
    return ports;
  };
}
