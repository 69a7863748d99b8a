import { isMappedIPv4 } from '../../flow/address.js';
import type { FlowBatch } from '../../flow/batch.js';
import { PacketStatus, Protocol } from '../packets/packet.js';
import { SCRATCH, type ScratchName, scratchTarget } from '../templates/plan.js';
import type { SamplingTable } from '../templates/sampling.js';

import type { Template } from '../templates/template.js';
import { fillRow } from './fill-row.js';
import type { MessageContext } from './message-context.js';
import { nameApplications, nameInterfaces, nameVrfs } from './name-columns.js';
import { readOptionsRecord } from './options-records.js';
import { orientRows, settleDenied } from './orientation.js';
import { SectionReader } from './packet-sections.js';
import { ListReader } from './record-lists.js';
import { RecordWalker } from './record-walker.js';
import { RowTargets } from './row-targets.js';
import { runStep } from './run-step.js';
import { runTransform } from './transform-columns.js';

const SCRATCH_TARGETS = (Object.keys(SCRATCH) as ScratchName[]).map(scratchTarget);
const BIFLOW_DIRECTION = scratchTarget('biflowDirection');
const DURATION = scratchTarget('durationMs');
const VRF = scratchTarget('vrf');
const APPLICATION = scratchTarget('application');

/** Turns the records of data sets into rows, and those of options data sets into what the domain knows. */
export class DataSetReader {
  private readonly targets = new RowTargets();
  private readonly walker: RecordWalker;
  private readonly lists: ListReader;
  private readonly sections = new SectionReader();

  constructor(maxFieldsPerTemplate: number) {
    this.walker = new RecordWalker(maxFieldsPerTemplate);
    this.lists = new ListReader(maxFieldsPerTemplate);
  }

  /** Reads the records between `from` and `to`; what remains there below the template's minimum length is padding (RFC 7011 §3.3.1). */
  read(message: MessageContext, template: Template, from: number, to: number): void {
    if (template.isOptions) this.readOptions(message, template, from, to);
    else if (template.isRowByRow || message.listener !== undefined) this.readRowByRow(message, template, from, to);
    else this.readFixed(message, template, from, to);
  }

  private readFixed(message: MessageContext, template: Template, from: number, to: number): void {
    const { bytes, domain, clock, into, report, faults } = message;
    const stride = template.minimumLength;
    const count = Math.floor((to - from) / stride);
    if (count === 0) return;
    if (!template.carriesFlow || !into.reserve(count)) {
      report.recordsUndecodable += count;
      if (template.carriesFlow) faults.add('record-count', count);
      return;
    }
    const row = into.addRows(count);
    const targets = this.targets;
    targets.bind(into);
    const steps = template.steps;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      runStep(step, template.lengths[step.field]!, bytes, from + step.offset, stride, count, targets, row);
      if (step.transform !== 0) runTransform(step, count, targets, row, clock, domain.sampling, template.usesSystemInit);
    }
    finishSet(template, message, row, targets);
    report.recordsDecoded += count;
  }

  private readRowByRow(message: MessageContext, template: Template, from: number, to: number): void {
    const { bytes, into, report, faults } = message;
    const makesRows = template.carriesFlow || template.lists.length > 0 || template.section !== undefined;
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
      message.listener?.record(message, template, this.walker);
      if (!makesRows) report.recordsUndecodable++;
      else if (into.reserve(1)) this.readRow(message, template);
      else {
        faults.add('record-count');
        report.recordsUndecodable++;
      }
    }
    if (into.length === firstRow) return;
    finishSet(template, message, firstRow, this.targets);
    report.recordsDecoded += into.length - firstRow;
  }

  /** Adds the record that `walker` has just walked, if it turns out to be a flow's; there is room for it. */
  private readRow(message: MessageContext, template: Template): void {
    const { into, report } = message;
    const { targets, walker } = this;
    const row = into.add();
    targets.bind(into);
    for (const target of SCRATCH_TARGETS) targets.arrays[target]![row] = 0;
    fillRow(message, template, walker, targets, row);
    let isFlow = template.carriesFlow;
    if (template.lists.length > 0) isFlow = this.lists.fill(message, template, walker, targets, row) || isFlow;
    if (template.section !== undefined) {
      const status = this.sections.fill(message, template.section, walker, row);
      const isRead = status === PacketStatus.parsed || status === PacketStatus.portsMissing;
      if (!isRead && !isFlow) {
        into.truncate(row);
        countUnread(message, status);
        return;
      }
      isFlow = true;
    }
    if (isFlow) return;
    into.truncate(row);
    report.recordsUndecodable++;
  }

  private readOptions(message: MessageContext, template: Template, from: number, to: number): void {
    const { bytes, domain, clock, report, faults } = message;
    let at = from;
    while (to - at >= template.minimumLength) {
      const next = this.walker.walk(template, bytes, at, to);
      if (next < 0) {
        faults.add('variable-length');
        report.undecodableOctets += to - at;
        report.malformed = true;
        return;
      }
      message.listener?.record(message, template, this.walker);
      readOptionsRecord(template, bytes, this.walker, domain, report.statistics);
      report.optionsRecords++;
      at = next;
    }
    // An IPFIX exporter may tell its start in the very message whose records rest on it.
    if (Number.isNaN(clock.systemUptimeMs)) clock.systemUptimeMs = clock.exportTimeMs - domain.systemInitMs;
  }
}

/** A packet that is not IP is no flow's, and no loss; it counts like an options record, as in sFlow. */
function countUnread({ report, faults }: MessageContext, status: number): void {
  if (status === PacketStatus.nonIp) {
    report.optionsRecords++;
    return;
  }
  report.recordsUndecodable++;
  faults.add(status === PacketStatus.linkType ? 'link-type' : status === PacketStatus.truncated ? 'packet-truncated' : 'packet-malformed');
}

function finishSet(template: Template, { into, domain, clock }: MessageContext, row: number, targets: RowTargets): void {
  if (template.bothFamilies) settleFamilies(into, row);
  if (template.usesDuration) settleDurations(into, row, targets.f64(DURATION), clock.exportTimeMs);
  if (template.tellsIcmp) clearIcmpPorts(into, row);
  if (template.isBiflow) into.columns.biflow.fill(1, row, into.length);
  orientRows(into, row, into.length, template.usesBiflowDirection ? targets.u8(BIFLOW_DIRECTION) : undefined);
  if (template.hasFirewallEvent) settleDenied(into, row);
  if (domain.sampling.byInterface) settleInterfaceSampling(into, row, domain.sampling);
  if (domain.interfaceNames.size > 0) nameInterfaces(into, row, domain.interfaceNames);
  if (template.usesVrf) nameVrfs(into, row, targets.f64(VRF), domain.vrfNames);
  if (template.usesApplication) nameApplications(into, row, targets.f64(APPLICATION), domain.applicationNames);
}

/** A record that tells its duration and one of its times has both; one that tells its duration alone ended with the export. */
function settleDurations({ columns, length }: FlowBatch, first: number, durations: Float64Array, exportTimeMs: number): void {
  const { flowStartMilliseconds, flowEndMilliseconds } = columns;
  for (let row = first; row < length; row++) {
    const start = flowStartMilliseconds[row]!;
    const end = flowEndMilliseconds[row]!;
    const duration = Math.round(durations[row]!);
    if (start !== 0 && end === 0) flowEndMilliseconds[row] = start + duration;
    else if (start === 0 && duration > 0) flowStartMilliseconds[row] = (end === 0 ? exportTimeMs : end) - duration;
    if (start === 0 && end === 0 && duration > 0) flowEndMilliseconds[row] = exportTimeMs;
  }
}

/** What finish-rows.ts would take for type and code. */
function clearIcmpPorts({ columns, length }: FlowBatch, first: number): void {
  const { protocolIdentifier, sourceTransportPort, destinationTransportPort } = columns;
  for (let row = first; row < length; row++) {
    if (protocolIdentifier[row] !== Protocol.icmp && protocolIdentifier[row] !== Protocol.icmp6) continue;
    sourceTransportPort[row] = 0;
    destinationTransportPort[row] = 0;
  }
}

function settleInterfaceSampling({ columns, length }: FlowBatch, first: number, sampling: SamplingTable): void {
  const { samplingInterval, ingressInterface, egressInterface } = columns;
  for (let row = first; row < length; row++) {
    if (samplingInterval[row] === 0) samplingInterval[row] = sampling.ofInterfaces(ingressInterface[row]!, egressInterface[row]!);
  }
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
