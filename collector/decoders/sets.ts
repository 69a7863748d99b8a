import type { FlowBatch } from '../../flow/batch.js';
import { SequenceState } from '../../flow/columns.js';
import { Ipv6Fields } from '../../flow/coverage.js';
import type { HeldMessage, MessageReport } from '../contracts.js';
import type { TemplateFields } from '../templates/compile.js';
import { type HeldSet, HeldSets } from '../templates/held-sets.js';
import { countRestored, type TemplateStore } from '../templates/store.js';
import type { FieldSpecifiers } from '../templates/template.js';
import { readU16 } from './bytes.js';
import { DataSetReader } from './data-sets.js';
import { finishRows } from './finish-rows.js';
import type { MessageContext } from './message-context.js';
import { createMessageReport, resetMessageReport } from './report.js';

const SET_HEADER_OCTETS = 4;
/** Ids below are for templates and reserved; a data set's id is its template's (RFC 7011 §3.3.2, RFC 3954 §5.2). */
export const FIRST_TEMPLATE_ID = 256;

/** Where NetFlow v9 and IPFIX differ: the ids of their template sets, and the template records inside. */
export interface SetDialect {
  readonly templateSetId: number;
  readonly optionsTemplateSetId: number;
  /** Reads one template record at `at` and returns where the next begins; −1 when the rest of the set cannot be read. */
  readTemplate(message: MessageContext, at: number, end: number): number;
  readOptionsTemplate(message: MessageContext, at: number, end: number): number;
}

/** Walks the sets of a message, which both protocols build alike. */
export class SetReader {
  private readonly dialect: SetDialect;
  private readonly data: DataSetReader;
  private readonly held: HeldSets;
  private readonly maxReleasedRecords: number;
  private readonly heldReport = createMessageReport();
  /** Id, begin and end of the sets of the message in hand whose template is not known. */
  private readonly unknown: number[] = [];

  constructor(dialect: SetDialect, store: TemplateStore) {
    this.dialect = dialect;
    this.data = new DataSetReader(store.limits.maxFieldsPerTemplate);
    this.held = new HeldSets(store.limits);
    store.whenForgotten((domain) => this.held.giveUpDomain(domain));
    this.maxReleasedRecords = store.limits.maxReleasedRecords;
  }

  /** Reads all sets from `at` to `end`; data sets whose template comes behind them in the same message last, those whose template does not come are held. */
  read(message: MessageContext, at: number, end: number): void {
    this.unknown.length = 0;
    this.readSets(message, at, end);
    if (this.unknown.length > 0) this.readUnknown(message);
  }

  /**
   * Reads the held sets whose templates have come, behind the message's own rows, which are finished. Each is read as if its message had just come: with
   * its clock, its header columns and its place in the sequence.
   */
  release(message: MessageContext): void {
    const { held } = this;
    if (held.isEmpty) return;
    const { domain, report } = message;
    held.expire(domain, report.exportTimeMs);
    let records = 0;
    held.release(domain, report.templatesReceived > 0, (set) => {
      records += this.readHeld(message, set);
      return records < this.maxReleasedRecords;
    });
    for (const { message: of } of held.takeGivenUp()) report.released.push({ message: of, ...NOTHING });
  }

  /** Returns how many records there were, of whatever kind. */
  private readHeld({ into, report, faults, listener }: MessageContext, { domain, message, templateId, content }: HeldSet): number {
    const template = domain.templates.get(templateId);
    if (template === undefined || message.discarded) return 0;
    const { origin, exportTimeMs } = message;
    const was = this.heldReport;
    copyHeader(message, was);
    const systemUptimeMs = Number.isNaN(message.systemUptimeMs) ? exportTimeMs - domain.systemInitMs : message.systemUptimeMs;
    const clock = { exportTimeMs, systemUptimeMs };
    const first = into.length;
    this.data.read({ bytes: content, origin, domain, clock, into, report: was, faults, listener }, template, 0, content.length);
    finishRows(into, first, origin, clock, domain.sampling.domainInterval, was, faults);
    numberOn(into, first, message);
    const { recordsDecoded, recordsUndecodable, recordsMalformed, optionsRecords, samplingInterval } = was;
    report.recordsReleased += recordsDecoded;
    const octets = content.length - was.undecodableOctets;
    if (was.malformed) message.isWhole = false;
    report.released.push({ message, octets, recordsDecoded, recordsUndecodable, recordsMalformed, optionsRecords, samplingInterval });
    return recordsDecoded + recordsUndecodable + recordsMalformed + optionsRecords;
  }

  /**
   * Reads all sets from `at` to `end`. A set is
   *
   *   +-------------------------------+-------------------------------+
   *   |             Set ID            |     Length, these 4 included  |
   *   +-------------------------------+-------------------------------+
   *
   * and its length carries us on by 4 octets at least, or ends the message: after a length that cannot be, no byte is believed.
   */
  private readSets(message: MessageContext, at: number, end: number): void {
    const { bytes, report, faults } = message;
    while (end - at >= SET_HEADER_OCTETS) {
      const id = readU16(bytes, at);
      const length = readU16(bytes, at + 2);
      if (length < SET_HEADER_OCTETS) {
        if (isZero(bytes, at, end)) {
          faults.add('padding'); // Palo Alto fills its datagrams up with zeros
          return;
        }
        report.malformed = true;
        report.undecodableOctets += end - at;
        faults.add('set-length');
        return;
      }
      if (at + length > end) {
        this.countCutSet(message, id, length);
        return;
      }
      this.readSet(message, id, at + SET_HEADER_OCTETS, at + length);
      at += length;
    }
  }

  private readSet(message: MessageContext, id: number, from: number, to: number): void {
    const { domain, report, faults } = message;
    if (id >= FIRST_TEMPLATE_ID) {
      const template = domain.templates.get(id);
      if (template === undefined) {
        this.unknown.push(id, from, to);
      } else {
        if (template.carriesIPv6) domain.ipv6.used();
        const before = report.recordsDecoded;
        this.data.read(message, template, from, to);
        if (domain.restored.size > 0) countRestored(domain, id, report.recordsDecoded - before);
      }
    } else if (id === this.dialect.templateSetId || id === this.dialect.optionsTemplateSetId) {
      this.readTemplates(message, id === this.dialect.optionsTemplateSetId, from, to);
    } else {
      faults.add('set-reserved');
    }
  }

  private readUnknown(message: MessageContext): void {
    const { bytes, domain, report, faults } = message;
    const { unknown } = this;
    let held: HeldMessage | undefined;
    let heldOctets = 0;
    for (let i = 0; i < unknown.length; i += 3) {
      const [id, from, to] = [unknown[i]!, unknown[i + 1]!, unknown[i + 2]!];
      const template = domain.templates.get(id);
      if (template !== undefined) {
        this.data.read(message, template, from, to);
        continue;
      }
      report.templatesMissing++;
      report.undecodableOctets += to - from;
      faults.add('template-missing');
      if (to === from) continue;
      held ??= heldMessage(message);
      heldOctets += to - from;
      this.held.hold(domain, held, id, bytes.subarray(from, to));
    }
    if (held === undefined) return;
    held.isWhole = !report.malformed && heldOctets === report.undecodableOctets;
    held.rows = report.recordsDecoded;
    report.held = held;
  }

  private readTemplates(message: MessageContext, isOptions: boolean, from: number, to: number): void {
    let at = from;
    while (to - at >= SET_HEADER_OCTETS) {
      if (readU16(message.bytes, at) === 0 && isZero(message.bytes, at, to)) return; // padding
      const next = isOptions ? this.dialect.readOptionsTemplate(message, at, to) : this.dialect.readTemplate(message, at, to);
      if (next <= at) {
        message.report.malformed = true;
        message.report.undecodableOctets += to - at;
        message.faults.add('template-malformed');
        return;
      }
      at = next;
    }
  }

  /** A set whose length runs past the message: none of its records is believed; how many there were, its template may tell. */
  private countCutSet({ domain, report, faults }: MessageContext, id: number, length: number): void {
    const template = domain.templates.get(id);
    const octets = length - SET_HEADER_OCTETS;
    report.malformed = true;
    report.undecodableOctets += octets;
    faults.add('set-length');
    if (template?.isOptions === false && template.isFixed) report.recordsMalformed += Math.floor(octets / template.minimumLength);
  }
}

const NOTHING = {
  octets: 0,
  recordsDecoded: 0,
  recordsUndecodable: 0,
  recordsMalformed: 0,
  optionsRecords: 0,
  samplingInterval: 0,
} as const;

function heldMessage({ origin, report }: MessageContext): HeldMessage {
  const { protocol, observationDomainId, exportTimeMs, systemUptimeMs, sequenceNumber } = report;
  return {
    origin,
    protocol,
    observationDomainId,
    exportTimeMs,
    systemUptimeMs,
    sequenceNumber,
    setsWaiting: 0,
    isWhole: true,
    rows: 0,
    sequenceState: SequenceState.unknown,
    discarded: false,
    recordsWaiting: 0,
  };
}

function copyHeader(message: HeldMessage, report: MessageReport): void {
  resetMessageReport(report);
  report.protocol = message.protocol;
  report.observationDomainId = message.observationDomainId;
  report.exportTimeMs = message.exportTimeMs;
  report.systemUptimeMs = message.systemUptimeMs;
  report.sequenceNumber = message.sequenceNumber;
}

/** Rows released later are numbered on from those that were made of their message before, so that each keeps a place of its own in it. */
function numberOn({ columns, length }: FlowBatch, first: number, message: HeldMessage): void {
  const { recordNumber, sequenceState } = columns;
  for (let row = first; row < length; row++) {
    recordNumber[row] = message.rows + row - first;
    sequenceState[row] = message.sequenceState;
  }
  message.rows += length - first;
}

/** Puts a template's fields into the store, counts what became of it, and returns where the next record begins. */
export function defineTemplate(
  store: TemplateStore,
  message: MessageContext,
  header: { readonly id: number; readonly isOptions: boolean; readonly scopeFields: number },
  from: number,
  fields: FieldSpecifiers | undefined,
): number {
  const { bytes, domain, report, faults } = message;
  if (fields === undefined || header.id < FIRST_TEMPLATE_ID) return -1;
  report.templatesReceived++;
  if (fields.elements.length > store.limits.maxFieldsPerTemplate) {
    faults.add('template-limit');
    return fields.end;
  }
  const definition = new Uint8Array(bytes.subarray(from, fields.end)); // a copy: the payload is not ours to keep
  const template: TemplateFields = { ...header, definition, elements: fields.elements, lengths: fields.lengths };
  const outcome = store.define(domain, template);
  if (outcome === 'changed') {
    report.templatesChanged++;
    faults.add('template-changed');
  } else if (outcome !== 'new' && outcome !== 'same') {
    faults.add(outcome);
  }
  return fields.end;
}

/** Of Ipv6Fields, after the message's sets were read: a template that is missing may be the one with IPv6 addresses. */
export function ipv6FieldsOf({ domain, report }: MessageContext): number {
  const { fields } = domain.ipv6;
  return fields === Ipv6Fields.none && report.templatesMissing > 0 ? Ipv6Fields.unknown : fields;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
