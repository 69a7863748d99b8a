import type { TemplateFields } from '../templates/compile.js';
import { countRestored, type TemplateStore } from '../templates/store.js';
import type { FieldSpecifiers } from '../templates/template.js';
import { readU16 } from './bytes.js';
import { DataSetReader, type MessageContext } from './data-sets.js';

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

  constructor(dialect: SetDialect, store: TemplateStore) {
    this.dialect = dialect;
    this.data = new DataSetReader(store.limits.maxFieldsPerTemplate);
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
  read(message: MessageContext, at: number, end: number): void {
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
        report.templatesMissing++;
        report.undecodableOctets += to - from;
        faults.add('template-missing');
      } else {
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

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}
