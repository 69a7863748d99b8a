import { OPTION_ELEMENTS, SCOPE_INTERFACE, scopeKey } from '../templates/elements-table.js';
import type { DomainState } from '../templates/store.js';
import type { Template } from '../templates/template.js';
import type { RecordWalker } from './record-walker.js';

/** Keeps interfaces apart from sampler ids, which share the sampling table's keys. */
const INTERFACE_KEYS = 2 ** 40;

/**
 * Takes from one options record, which `walker` has just walked, what later data records need: sampling intervals (RFC 5477, and the
 * older elements 34, 48–50 of NetFlow v9) and the exporter's start. All other options are none of a flow's business.
 */
export function readOptionsRecord(template: Template, bytes: Uint8Array, walker: RecordWalker, domain: DomainState): void {
  const value = (element: number): number | undefined => {
    const field = template.elements.indexOf(element);
    return field < 0 ? undefined : unsigned(bytes, walker.offsets[field]!, walker.widths[field]!);
  };
  const init = value(OPTION_ELEMENTS.systemInitTimeMilliseconds);
  if (init !== undefined && init > 0) domain.systemInitMs = init;
  const interval = samplingInterval(value);
  if (interval === undefined) return;
  const sampler = value(OPTION_ELEMENTS.samplerId) ?? value(OPTION_ELEMENTS.selectorId);
  const byInterface = value(scopeKey(SCOPE_INTERFACE)) ?? value(OPTION_ELEMENTS.ingressInterface) ?? value(OPTION_ELEMENTS.egressInterface);
  domain.sampling.set(sampler ?? (byInterface === undefined ? undefined : INTERFACE_KEYS + byInterface), interval);
}

function samplingInterval(value: (element: number) => number | undefined): number | undefined {
  const told = value(OPTION_ELEMENTS.samplingInterval) ?? value(OPTION_ELEMENTS.samplerRandomInterval);
  if (told !== undefined) return bounded(told);
  const packets = value(OPTION_ELEMENTS.samplingPacketInterval);
  if (packets !== undefined) {
    const space = value(OPTION_ELEMENTS.samplingPacketSpace);
    return bounded(space === undefined ? packets : (packets + space) / packets);
  }
  const size = value(OPTION_ELEMENTS.samplingSize);
  const population = value(OPTION_ELEMENTS.samplingPopulation);
  return size === undefined || population === undefined ? undefined : bounded(population / size);
}

/** A whole interval of 32 bits; 0 ('not known') for a division by zero or a number out of range. */
function bounded(interval: number): number {
  return interval >= 1 && interval <= 0xffff_ffff ? Math.round(interval) : 0;
}

/** 1 to 8 octets in network order; undefined for a length of 0 or above 8. */
function unsigned(bytes: Uint8Array, at: number, width: number): number | undefined {
  if (width < 1 || width > 8) return undefined;
  let value = 0;
  for (let octet = 0; octet < width; octet++) value = value * 256 + bytes[at + octet]!;
  return value;
}
