import type { ColumnKind } from '../../flow/column-kinds.js';
import { FLOW_COLUMNS, type FlowColumnName } from '../../flow/columns.js';
import type { Reading, Role } from './elements-table.js';

/**
 * A template compiled: one step per field that we keep. Each step runs down all records of a set before the next begins,
 * in a small loop for its width, so that no record becomes an object (style §2).
 */
export interface Step {
  /** Which loop reads it: one of `Op`, Op.variable where the width is known only per record. */
  readonly op: number;
  /** Position of the field in the template, for records of variable length. */
  readonly field: number;
  /** Offset in the record; meaningless where an earlier field has variable length. */
  readonly offset: number;
  /** Index into TARGETS, where the loop writes. */
  readonly target: number;
  /** Index into TARGETS, where the transform writes; −1 where there is nothing more to do. */
  readonly column: number;
  /** What happens to the values afterwards: one of `Transform`. */
  readonly transform: number;
  readonly reading: Reading;
}

/** The loops of decoders/read-columns.ts: width in the record, then the array written. `wide` reads 1 to 8 bytes. */
export const Op = {
  none: 0,
  variable: 1,
  u8ToU8: 2,
  wideToU8: 3,
  u16ToU16: 4,
  wideToU16: 5,
  u32ToU32: 6,
  wideToU32: 7,
  u32ToF64: 8,
  u64ToF64: 9,
  wideToF64: 10,
  ipv4: 11,
  ipv4IfSet: 12,
  ipv6: 13,
  ntp: 14,
  ipv6IfSet: 15,
  text: 16,
} as const;

/** What decoders/transform-columns.ts does to a column, or to scratch memory on its way into one. */
export const Transform = {
  none: 0,
  seconds: 1,
  deltaMicroseconds: 2,
  uptime: 3,
  fill: 4,
  icmpType: 5,
  icmpCode: 6,
  sampler: 7,
  samplingSpace: 8,
  samplingPopulation: 9,
  overlay: 10,
  merge: 11,
  dscp: 12,
  outerVlan: 13,
  mplsLabel: 14,
  selectionSequence: 15,
  durationUs: 16,
} as const;

/** Memory beside the batch for values that are not columns themselves; zeroed before each set that uses it. */
export const SCRATCH = {
  systemInit: 'f64',
  value: 'f64',
  samplingWith: 'f64',
  biflowDirection: 'u8',
  durationMs: 'f64',
  vrf: 'f64',
  application: 'f64',
} as const;
export type ScratchName = keyof typeof SCRATCH;

type TargetKind = 'u8' | 'u16' | 'u32' | 'f64' | 'address';

/** Everything a step can write to: first the columns of a row, then the scratch memory. */
export const TARGETS: readonly { readonly name: string; readonly kind: TargetKind }[] = [
  ...(Object.keys(FLOW_COLUMNS) as FlowColumnName[]).map((name) => ({ name, kind: targetKind(FLOW_COLUMNS[name].kind) })),
  ...(Object.keys(SCRATCH) as ScratchName[]).map((name) => ({ name: `scratch:${name}`, kind: SCRATCH[name] })),
];

const TARGET_NUMBERS: ReadonlyMap<string, number> = new Map(TARGETS.map(({ name }, target) => [name, target]));

/** −1 for '' and for names of no column. */
export function columnTarget(name: string): number {
  return TARGET_NUMBERS.get(name) ?? -1;
}

function isNameColumn(name: string): boolean {
  return FLOW_COLUMNS[name as FlowColumnName]?.kind === 'symbol';
}

export function isAddressColumn(name: string): boolean {
  return TARGETS[columnTarget(name)]?.kind === 'address';
}

export function scratchTarget(name: ScratchName): number {
  return columnTarget(`scratch:${name}`);
}

/** Where a role's value is read to first. */
export function readTarget(role: Role, column: string): number {
  switch (role) {
    case 'column':
      return columnTarget(column);
    case 'overlay':
      return isAddressColumn(column) || isNameColumn(column) ? columnTarget(column) : scratchTarget('value');
    case 'systemInit':
      return scratchTarget('systemInit');
    case 'samplingWith':
      return scratchTarget('samplingWith');
    case 'biflowDirection':
      return scratchTarget('biflowDirection');
    case 'durationMs':
    case 'durationUs':
      return scratchTarget('durationMs');
    case 'vrfId':
      return scratchTarget('vrf');
    case 'applicationId':
      return scratchTarget('application');
    default:
      return scratchTarget('value');
  }
}

export function transformOf(role: Role, reading: Reading): number {
  switch (role) {
    case 'fill':
      return Transform.fill;
    case 'overlay':
      return reading === 'ipv4' || reading === 'ipv6' || reading === 'text' ? Transform.none : Transform.overlay;
    case 'merge':
      return Transform.merge;
    case 'dscp':
      return Transform.dscp;
    case 'durationUs':
      return Transform.durationUs;
    case 'outerVlan':
      return Transform.outerVlan;
    case 'mplsLabel':
      return Transform.mplsLabel;
    case 'selectionSequence':
      return Transform.selectionSequence;
    case 'icmpType':
      return Transform.icmpType;
    case 'icmpCode':
      return Transform.icmpCode;
    case 'samplerId':
      return Transform.sampler;
    case 'samplingSpace':
      return Transform.samplingSpace;
    case 'samplingPopulation':
      return Transform.samplingPopulation;
    default:
      return reading === 'seconds'
        ? Transform.seconds
        : reading === 'deltaMicroseconds'
          ? Transform.deltaMicroseconds
          : reading === 'uptime'
            ? Transform.uptime
            : Transform.none;
  }
}

/**
 * The loop for a field of `width` bytes, Op.none where the width makes no sense for the reading: the field is then skipped.
 * Integers may be 1 to 8 bytes whatever their natural size (reduced-size encoding, RFC 7011 §6.2; some exporters also widen). `ifSet`: an address of
 * zeros is none, and leaves what was read before it.
 */
export function opFor(reading: Reading, target: number, width: number, ifSet: boolean): number {
  if (reading === 'ipv4') return width !== 4 ? Op.none : ifSet ? Op.ipv4IfSet : Op.ipv4;
  if (reading === 'ipv6') return width !== 16 ? Op.none : ifSet ? Op.ipv6IfSet : Op.ipv6;
  if (reading === 'ntp') return width === 8 ? Op.ntp : Op.none;
  if (reading === 'text') return width > 0 ? Op.text : Op.none;
  if (width < 1 || width > 8) return Op.none;
  switch (TARGETS[target]!.kind) {
    case 'u8':
      return width === 1 ? Op.u8ToU8 : Op.wideToU8;
    case 'u16':
      return width === 2 ? Op.u16ToU16 : Op.wideToU16;
    case 'u32':
      return width === 4 ? Op.u32ToU32 : Op.wideToU32;
    case 'f64':
      return width === 4 ? Op.u32ToF64 : width === 8 ? Op.u64ToF64 : Op.wideToF64;
    case 'address':
      return Op.none;
  }
}

function targetKind(kind: ColumnKind): TargetKind {
  switch (kind) {
    case 'u8':
    case 'enum':
      return 'u8';
    case 'u16':
    case 'symbol':
      return 'u16';
    case 'u32':
      return 'u32';
    case 'address':
      return 'address';
    default:
      return 'f64';
  }
}
