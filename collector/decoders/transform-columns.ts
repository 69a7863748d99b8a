import type { SymbolDictionary } from '../../flow/column-kinds.js';
import { columnTarget, type Step, scratchTarget, Transform } from '../templates/plan.js';
import type { SamplingTable } from '../templates/sampling.js';
import type { RowTargets, TargetArray } from './row-targets.js';

/** What values of a message are relative to. */
export interface MessageClock {
  /** Export time in ms since the epoch. */
  exportTimeMs: number;
  /** Milliseconds since the exporter's start at export time, NaN where the header has none (IPFIX) and options told none. */
  systemUptimeMs: number;
}

const SYSTEM_INIT = scratchTarget('systemInit');
const VALUE = scratchTarget('value');
const SAMPLING_WITH = scratchTarget('samplingWith');
const DURATION = scratchTarget('durationMs');
const VLAN = columnTarget('vlanId');

/** Finishes what `runStep` read, for rows `row` to `row + count`: relative times become absolute, scratch values reach their column. */
export function runTransform(
  step: Step,
  count: number,
  targets: RowTargets,
  row: number,
  clock: MessageClock,
  sampling: SamplingTable,
  usesSystemInit: boolean,
): void {
  switch (step.transform) {
    case Transform.seconds:
      return seconds(targets.f64(step.column), row, count);
    case Transform.deltaMicroseconds:
      return beforeExport(targets.f64(step.column), row, count, clock.exportTimeMs);
    case Transform.uptime:
      if (usesSystemInit) return sinceInit(targets.f64(step.column), targets.f64(SYSTEM_INIT), row, count, clock.exportTimeMs);
      return sinceBoot(targets.f64(step.column), row, count, clock.exportTimeMs, clock.systemUptimeMs);
    case Transform.fill:
      return fill(targets.arrays[step.column]!, targets.f64(VALUE), row, count);
    case Transform.overlay:
      return overlay(targets.arrays[step.column]!, targets.f64(VALUE), row, count);
    case Transform.merge:
      return merge(targets.u16(step.column), targets.f64(VALUE), row, count);
    case Transform.dscp:
      return dscp(targets.u8(step.column), targets.f64(VALUE), row, count);
    case Transform.durationUs:
      return durationUs(targets.f64(DURATION), row, count);
    case Transform.outerVlan:
      return outerVlan(targets.u16(step.column), targets.dictionary(step.column), targets.u16(VLAN), targets.f64(VALUE), row, count);
    case Transform.mplsLabel:
      return mplsLabel(targets.u16(step.column), targets.dictionary(step.column), targets.f64(VALUE), row, count);
    case Transform.selectionSequence:
      return sequenceInterval(targets.u32(step.column), targets.f64(VALUE), row, count, sampling);
    case Transform.icmpType:
      return icmpType(targets.u16(step.column), targets.f64(VALUE), row, count);
    case Transform.icmpCode:
      return icmpCode(targets.u16(step.column), targets.f64(VALUE), row, count);
    case Transform.sampler:
      return samplerInterval(targets.u32(step.column), targets.f64(VALUE), row, count, sampling);
    case Transform.samplingSpace:
      return samplingSpace(targets.u32(step.column), targets.f64(SAMPLING_WITH), targets.f64(VALUE), row, count);
    case Transform.samplingPopulation:
      return samplingPopulation(targets.u32(step.column), targets.f64(SAMPLING_WITH), targets.f64(VALUE), row, count);
    default:
      return;
  }
}

/** Sampling intervals end in 32 bits. */
const MAX_INTERVAL = 0xffff_ffff;

function seconds(times: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) times[i] = times[i]! * 1000;
}

/** Elements 158 and 159: microseconds before the export time. */
function beforeExport(times: Float64Array, row: number, count: number, exportTimeMs: number): void {
  for (let i = row; i < row + count; i++) times[i] = Math.floor(exportTimeMs - times[i]! / 1000);
}

/**
 * Elements 21 and 22: milliseconds since the exporter's start, 32 bits that wrap every 49.7 days. The difference to the uptime at export is
 * taken modulo 2^32 and read as signed, so a flow that began before the wrap, and one stamped a little after the header, both come out right.
 */
function sinceBoot(times: Float64Array, row: number, count: number, exportTimeMs: number, systemUptimeMs: number): void {
  if (Number.isNaN(systemUptimeMs)) {
    for (let i = row; i < row + count; i++) times[i] = UNKNOWN_START + times[i]!;
  } else {
    for (let i = row; i < row + count; i++) times[i] = exportTimeMs - ((systemUptimeMs - times[i]!) | 0);
  }
}

/** Added to uptimes of which nobody told the exporter's start: finish-rows.ts places them by their distance to each other. No time is near it. */
export const UNKNOWN_START: number = -(2 ** 40);

/** The same where each record carries systemInitTimeMilliseconds (element 160), as Huawei's do. */
function sinceInit(times: Float64Array, init: Float64Array, row: number, count: number, exportTimeMs: number): void {
  for (let i = row; i < row + count; i++) {
    times[i] = init[i] === 0 ? 0 : exportTimeMs - ((exportTimeMs - init[i]! - times[i]!) | 0);
  }
}

function fill(column: TargetArray, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) if (column[i] === 0) column[i] = value[i]!;
}

function overlay(column: TargetArray, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) if (value[i] !== 0) column[i] = value[i]!;
}

function merge(column: Uint16Array, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) column[i] = column[i]! | (value[i]! & 0xffff);
}

/** A DSCP is the upper six bits of the type of service (RFC 2474 §3). */
function dscp(column: Uint8Array, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) if (column[i] === 0) column[i] = (value[i]! & 0x3f) << 2;
}

function durationUs(duration: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) duration[i] = duration[i]! / 1000;
}

/** The service provider's tag, where a customer's is inside it. */
function outerVlan(
  codes: Uint16Array,
  tunnels: SymbolDictionary,
  vlans: Uint16Array,
  value: Float64Array,
  row: number,
  count: number,
): void {
  for (let i = row; i < row + count; i++) {
    const tag = value[i]! & 0x0fff;
    if (tag !== 0 && vlans[i] !== 0 && tag !== vlans[i]) codes[i] = tunnels.intern(`vlan ${tag}`);
  }
}

/**
 * One entry of a label stack (elements 70 to 79), the topmost first: label, 20 bits; traffic class, 3; bottom of stack, 1. Some send the octet of the TTL too.
 * An entry of zeros is none.
 */
function mplsLabel(codes: Uint16Array, tunnels: SymbolDictionary, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) {
    const entry = value[i]!;
    if (entry === 0) continue;
    const label = `mpls ${Math.floor(entry / (entry > 0xff_ffff ? 4096 : 16)) & 0xf_ffff}`;
    const outside = tunnels.name(codes[i]!);
    codes[i] = tunnels.intern(outside === '' ? label : `${outside}/${label}`);
  }
}

function icmpType(column: Uint16Array, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) if (column[i] === 0) column[i] = value[i]! * 256;
}

function icmpCode(column: Uint16Array, value: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) column[i] = column[i]! | (value[i]! & 0xff);
}

function samplerInterval(column: Uint32Array, value: Float64Array, row: number, count: number, sampling: SamplingTable): void {
  let sampler = -1;
  let interval = 0;
  for (let i = row; i < row + count; i++) {
    if (column[i] !== 0) continue;
    if (value[i] !== sampler) {
      sampler = value[i]!;
      interval = sampling.of(sampler);
    }
    column[i] = interval;
  }
}

function sequenceInterval(column: Uint32Array, value: Float64Array, row: number, count: number, sampling: SamplingTable): void {
  for (let i = row; i < row + count; i++) if (column[i] === 0) column[i] = sampling.ofSequence(value[i]!);
}

/** Systematic count-based sampling takes `samplingWith` packets, then leaves out `space` (RFC 5477 §8.2): 1 in (with + space) / with. */
function samplingSpace(column: Uint32Array, samplingWith: Float64Array, space: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) {
    if (samplingWith[i]! > 0) column[i] = Math.min(MAX_INTERVAL, Math.round((samplingWith[i]! + space[i]!) / samplingWith[i]!));
  }
}

/** Random n-out-of-N sampling takes `samplingWith` of `population` packets. */
function samplingPopulation(column: Uint32Array, samplingWith: Float64Array, population: Float64Array, row: number, count: number): void {
  for (let i = row; i < row + count; i++) {
    if (samplingWith[i]! > 0) column[i] = Math.min(MAX_INTERVAL, Math.round(population[i]! / samplingWith[i]!));
  }
}
