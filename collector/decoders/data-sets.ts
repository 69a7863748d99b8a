import { isMappedIPv4 } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import type { Faults, MessageReport, Origin } from '../contracts.js';
import { Op, type Step, scratchTarget } from '../templates/plan.js';
import type { DomainState } from '../templates/store.js';
import type { Template } from '../templates/template.js';
import { readOptionsRecord } from './options-records.js';
import { orientRows } from './orientation.js';
import { RecordWalker } from './record-walker.js';
import { RowTargets } from './row-targets.js';
import { runStep } from './run-step.js';
import { type MessageClock, runTransform } from './transform-columns.js';

/** The message in hand. Lives as long as the call of `decode`: the payload is not ours to keep. */
export interface MessageContext {
  readonly bytes: Uint8Array;
  readonly origin: Origin;
  readonly domain: DomainState;
  readonly clock: MessageClock;
  readonly into: FlowBatch;
  readonly report: MessageReport;
  readonly faults: Faults;
}

const SYSTEM_INIT = scratchTarget('systemInit');
const SAMPLING_WITH = scratchTarget('samplingWith');
const BIFLOW_DIRECTION = scratchTarget('biflowDirection');

/** Turns the records of data sets into rows, and those of options data sets into what the domain knows. */
export class DataSetReader {
  private readonly targets = new RowTargets();
  private readonly walker: RecordWalker;

  constructor(maxFieldsPerTemplate: number) {
    this.walker = new RecordWalker(maxFieldsPerTemplate);
  }

  /** Reads the records between `from` and `to`; what remains there below the template's minimum length is padding (RFC 7011 §3.3.1). */
  read(message: MessageContext, template: Template, from: number, to: number): void {
    if (template.isOptions) this.readOptions(message, template, from, to);
    else if (template.isFixed) this.readFixed(message, template, from, to);
    else this.readVariable(message, template, from, to);
  }

  private readFixed({ bytes, domain, clock, into, report, faults }: MessageContext, template: Template, from: number, to: number): void {
    const stride = template.minimumLength;
    const count = Math.floor((to - from) / stride);
    if (count === 0) return;
    if (!template.carriesFlow || !into.reserve(count)) {
      report.recordsUndecodable += count;
      if (template.carriesFlow) faults.add('record-count', count);
      return;
    }
    const row = into.length;
    const targets = this.targets;
    targets.bind(into);
    targets.zero(template.unwritten, row, row + count);
    into.length = row + count;
    const steps = template.steps;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      runStep(step, template.lengths[step.field]!, bytes, from + step.offset, stride, count, targets, row);
      if (step.transform !== 0) runTransform(step, count, targets, row, clock, domain.sampling, template.usesSystemInit);
    }
    finishSet(template, into, row, targets);
    report.recordsDecoded += count;
  }

  private readVariable(message: MessageContext, template: Template, from: number, to: number): void {
    const { bytes, into, report, faults } = message;
    const firstRow = into.length;
    let at = from;
    while (to - at >= template.minimumLength) {
      const next = this.walker.walk(template, bytes, at, to);
      if (next < 0) {
        faults.add('variable-length');
        report.recordsMalformed++;
        report.undecodableOctets += to - at;
        report.malformed = true;
        break;
      }
      at = next;
      if (!template.carriesFlow) report.recordsUndecodable++;
      else if (into.reserve(1)) this.readRow(message, template);
      else {
        faults.add('record-count');
        report.recordsUndecodable++;
      }
    }
    if (into.length === firstRow) return;
    finishSet(template, into, firstRow, this.targets);
    report.recordsDecoded += into.length - firstRow;
  }

  /** Adds the record that `walker` has just walked; there is room for it. */
  private readRow({ bytes, domain, clock, into }: MessageContext, template: Template): void {
    const targets = this.targets;
    const { offsets, widths } = this.walker;
    const row = into.length;
    targets.bind(into);
    targets.zero(template.unwritten, row, row + 1);
    into.length = row + 1;
    targets.f64(SYSTEM_INIT)[row] = 0;
    targets.f64(SAMPLING_WITH)[row] = 0;
    targets.u8(BIFLOW_DIRECTION)[row] = 0;
    for (const step of template.steps) {
      const width = widths[step.field]!;
      if (step.op === Op.variable && !hasValue(step, width)) continue;
      runStep(step, width, bytes, offsets[step.field]!, 0, 1, targets, row);
      if (step.transform !== 0) runTransform(step, 1, targets, row, clock, domain.sampling, template.usesSystemInit);
    }
  }

  private readOptions({ bytes, domain, clock, report, faults }: MessageContext, template: Template, from: number, to: number): void {
    let at = from;
    while (to - at >= template.minimumLength) {
      const next = this.walker.walk(template, bytes, at, to);
      if (next < 0) {
        faults.add('variable-length');
        report.undecodableOctets += to - at;
        report.malformed = true;
        return;
      }
      readOptionsRecord(template, bytes, this.walker, domain);
      report.optionsRecords++;
      at = next;
    }
    // An IPFIX exporter may tell its start in the very message whose records rest on it.
    if (Number.isNaN(clock.systemUptimeMs)) clock.systemUptimeMs = clock.exportTimeMs - domain.systemInitMs;
  }
}

/** A field whose record gives it a length that its element cannot have is a field without a value. */
function hasValue(step: Step, width: number): boolean {
  switch (step.reading) {
    case 'ipv4':
      return width === 4;
    case 'ipv6':
      return width === 16;
    case 'ntp':
      return width === 8;
    default:
      return width >= 1 && width <= 8;
  }
}

function finishSet(template: Template, into: FlowBatch, row: number, targets: RowTargets): void {
  if (template.bothFamilies) settleFamilies(into, row);
  if (template.isBiflow) into.columns.biflow.fill(1, row, into.length);
  orientRows(into, row, into.length, template.usesBiflowDirection ? targets.u8(BIFLOW_DIRECTION) : undefined);
}

/** In templates with both families an all-zero end beside an IPv4 end is 0.0.0.0 (a DHCP client), not ::. */
function settleFamilies(into: FlowBatch, first: number): void {
  const source = into.columns.sourceIPv6Address.bytes;
  const destination = into.columns.destinationIPv6Address.bytes;
  for (let row = first; row < into.length; row++) {
    const sourceIsSet = !isZero(source, row * 16);
    const destinationIsSet = !isZero(destination, row * 16);
    if (sourceIsSet === destinationIsSet) continue;
    const set = sourceIsSet ? source : destination;
    const unset = sourceIsSet ? destination : source;
    if (!isMappedIPv4(set, row * 16)) continue;
    unset[row * 16 + 10] = 0xff;
    unset[row * 16 + 11] = 0xff;
  }
}

function isZero(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) if (bytes[at + i] !== 0) return false;
  return true;
}
