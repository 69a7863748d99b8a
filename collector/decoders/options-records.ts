import type { ExporterStatistics } from '../contracts.js';
import { OPTION_ELEMENTS as E, SCOPE_INTERFACE, SCOPE_LINE_CARD, STATISTICS_ELEMENTS, scopeKey } from '../templates/elements-table.js';
import { readName } from '../templates/names.js';
import { interfaceSampler, lineCardSampler } from '../templates/sampling.js';
import type { DomainState } from '../templates/store.js';
import type { Template } from '../templates/template.js';
import { readUnsigned } from './bytes.js';
import type { RecordWalker } from './record-walker.js';

/** One options record, found by `walker`: its values by element. */
class OptionsRecord {
  private readonly template: Template;
  private readonly bytes: Uint8Array;
  private readonly walker: RecordWalker;

  constructor(template: Template, bytes: Uint8Array, walker: RecordWalker) {
    this.template = template;
    this.bytes = bytes;
    this.walker = walker;
  }

  /** The first of these elements that has a value of 1 to 8 octets. */
  value(...elements: readonly number[]): number | undefined {
    for (const element of elements) {
      const field = this.template.elements.indexOf(element);
      if (field < 0) continue;
      const value = readUnsigned(this.bytes, this.walker.offsets[field]!, this.walker.widths[field]!);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  all(element: number): number[] {
    const values: number[] = [];
    for (let field = this.template.elements.indexOf(element); field >= 0; field = this.template.elements.indexOf(element, field + 1)) {
      const value = readUnsigned(this.bytes, this.walker.offsets[field]!, this.walker.widths[field]!);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** The first of these elements that has a text which is not empty. */
  text(...elements: readonly number[]): string {
    for (const element of elements) {
      const field = this.template.elements.indexOf(element);
      const text = field < 0 ? '' : readName(this.bytes, this.walker.offsets[field]!, this.walker.widths[field]!);
      if (text !== '') return text;
    }
    return '';
  }

  probability(): number | undefined {
    const field = this.template.elements.indexOf(E.samplingProbability);
    if (field < 0) return undefined;
    const width = this.walker.widths[field]!;
    const at = this.bytes.byteOffset + this.walker.offsets[field]!;
    const view = new DataView(this.bytes.buffer, at, width);
    return width === 8 ? view.getFloat64(0) : width === 4 ? view.getFloat32(0) : undefined;
  }
}

/**
 * Takes from one options record, which `walker` has just walked, what later data records need: sampling intervals (RFC 5476, RFC 5477, and the
 * older elements 34, 48–50 of NetFlow v9), names of interfaces, VRFs and applications, the exporter's start; and what the exporter counts of itself. All other options
 * are none of a flow's business.
 */
export function readOptionsRecord(
  template: Template,
  bytes: Uint8Array,
  walker: RecordWalker,
  domain: DomainState,
  statistics: ExporterStatistics,
): void {
  const record = new OptionsRecord(template, bytes, walker);
  const init = record.value(E.systemInitTimeMilliseconds);
  if (init !== undefined && init > 0) domain.systemInitMs = init;
  readNames(record, domain);
  readSampling(record, domain);
  readStatistics(record, statistics);
}

const INTERFACES = [
  E.ingressInterface,
  E.egressInterface,
  scopeKey(SCOPE_INTERFACE),
  E.ingressPhysicalInterface,
  E.egressPhysicalInterface,
] as const;

function readNames(record: OptionsRecord, domain: DomainState): void {
  const index = record.value(...INTERFACES);
  if (index !== undefined) domain.interfaceNames.set(index, record.text(E.interfaceName, E.interfaceDescription));
  const vrf = record.value(E.ingressVRFID, E.egressVRFID);
  if (vrf !== undefined) domain.vrfNames.set(vrf, record.text(E.vrfName));
  const application = record.value(E.applicationId);
  if (application !== undefined) domain.applicationNames.set(application, record.text(E.applicationName));
}

function readSampling(record: OptionsRecord, { sampling }: DomainState): void {
  const sequence = record.value(E.selectionSequenceId);
  const interval = samplingInterval(record);
  const selectors = record.all(E.selectorId);
  if (sequence !== undefined && interval === undefined) sampling.setSequence(sequence, selectors);
  if (interval === undefined) return;
  const sampler = record.value(E.samplerId) ?? selectors[0] ?? sequence;
  const lineCard = record.value(scopeKey(SCOPE_LINE_CARD), E.lineCardId);
  const byInterface = record.value(scopeKey(SCOPE_INTERFACE), E.ingressInterface, E.egressInterface);
  if (sampler !== undefined) sampling.set(sampler, interval);
  // Index 0 is no interface: softflowd and ipt_netflow mean all of them.
  else if (byInterface !== undefined && byInterface !== 0) sampling.set(interfaceSampler(byInterface), interval);
  else sampling.set(lineCard === undefined ? undefined : lineCardSampler(lineCard), interval);
}

/** 1 in how many packets was taken, by whichever of the methods' parameters are told (RFC 5477 §8.2); undefined where none are. */
function samplingInterval(record: OptionsRecord): number | undefined {
  const told = record.value(E.samplingInterval, E.samplerRandomInterval);
  if (told !== undefined) return bounded(told);
  return (
    share(record.value(E.samplingPacketInterval), record.value(E.samplingPacketSpace)) ??
    timeShare(record.value(E.samplingTimeInterval), record.value(E.samplingTimeSpace)) ??
    ratio(record.value(E.samplingSize), record.value(E.samplingPopulation)) ??
    ratio(record.probability(), 1)
  );
}

/** So much was taken, then so much left out. A first number alone is the interval itself, in practice. */
function share(taken: number | undefined, leftOut: number | undefined): number | undefined {
  if (taken === undefined) return undefined;
  return bounded(leftOut === undefined ? taken : (taken + leftOut) / taken);
}

/** Microseconds in which all packets were taken, then microseconds in which none were. */
function timeShare(taken: number | undefined, leftOut: number | undefined): number | undefined {
  return leftOut === undefined ? undefined : share(taken, leftOut);
}

function ratio(size: number | undefined, population: number | undefined): number | undefined {
  return size === undefined || population === undefined ? undefined : bounded(population / size);
}

/** A whole interval of 32 bits; 0 ('not known') for a division by zero or a number out of range. */
function bounded(interval: number): number {
  return interval >= 1 && interval <= 0xffff_ffff ? Math.round(interval) : 0;
}

const STATISTICS = Object.entries(STATISTICS_ELEMENTS) as [keyof typeof STATISTICS_ELEMENTS, number][];

/** Several processes of one exporter may count for themselves: their records in one message are added up. */
function readStatistics(record: OptionsRecord, statistics: ExporterStatistics): void {
  for (const [name, element] of STATISTICS) {
    const value = record.value(element);
    if (value === undefined) continue;
    statistics[name] = Number.isNaN(statistics[name]) ? value : statistics[name] + value;
  }
}
