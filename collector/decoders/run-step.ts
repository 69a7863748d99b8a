import { Op, opFor, type Step } from '../templates/plan.js';
import * as read from './read-columns.js';
import type { RowTargets } from './row-targets.js';

/** Runs one step over `count` records of a fixed layout: `at` is the field's octet in the first, `stride` the length of a record. */
export function runStep(
  step: Step,
  width: number,
  bytes: Uint8Array,
  at: number,
  stride: number,
  count: number,
  targets: RowTargets,
  row: number,
): void {
  const op = step.op === Op.variable ? opFor(step.reading, step.target, width, true) : step.op;
  runOp(op, width, bytes, at, stride, count, targets, step.target, row);
}

function runOp(
  op: number,
  width: number,
  bytes: Uint8Array,
  at: number,
  stride: number,
  count: number,
  targets: RowTargets,
  target: number,
  row: number,
): void {
  switch (op) {
    case Op.u8ToU8:
      return read.readU8ToU8(bytes, at, stride, count, targets.u8(target), row);
    case Op.wideToU8:
      return read.readWideToU8(bytes, at, width, stride, count, targets.u8(target), row);
    case Op.u16ToU16:
      return read.readU16ToU16(bytes, at, stride, count, targets.u16(target), row);
    case Op.wideToU16:
      return read.readWideToU16(bytes, at, width, stride, count, targets.u16(target), row);
    case Op.u32ToU32:
      return read.readU32ToU32(bytes, at, stride, count, targets.u32(target), row);
    case Op.wideToU32:
      return read.readWideToU32(bytes, at, width, stride, count, targets.u32(target), row);
    case Op.u32ToF64:
      return read.readU32ToF64(bytes, at, stride, count, targets.f64(target), row);
    case Op.u64ToF64:
      return read.readU64ToF64(bytes, at, stride, count, targets.f64(target), row);
    case Op.wideToF64:
      return read.readWideToF64(bytes, at, width, stride, count, targets.f64(target), row);
    case Op.ipv4:
      return read.readIPv4(bytes, at, stride, count, targets.u8(target), row);
    case Op.ipv4IfSet:
      return read.readIPv4IfSet(bytes, at, stride, count, targets.u8(target), row);
    case Op.ipv6:
      return read.readIPv6(bytes, at, stride, count, targets.u8(target), row);
    case Op.ipv6IfSet:
      return read.readIPv6IfSet(bytes, at, stride, count, targets.u8(target), row);
    case Op.text:
      return read.readTextToCodes(bytes, at, width, stride, count, targets.u16(target), targets.dictionary(target), row);
    case Op.ntp:
      return read.readNtpToF64(bytes, at, stride, count, targets.f64(target), row);
    default:
      return; // Op.none: a variable-length field of a length that makes no sense for it has no value
  }
}
