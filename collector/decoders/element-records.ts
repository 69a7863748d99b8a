import { formatAddress } from '../../flow/address.js';
import type { ElementRegistry } from '../templates/element-registry.js';
import type { ElementType } from '../templates/element-types.js';
import type { LIST_ELEMENTS } from '../templates/elements-table.js';
import { type Template, VARIABLE_LENGTH } from '../templates/template.js';
import { readU16 } from './bytes.js';
import { type ElementValue, hexOf, readElement } from './element-values.js';
import type { MessageContext, RecordListener } from './message-context.js';
import { MAX_LIST_DEPTH, readBasicList } from './record-lists.js';
import { RecordWalker } from './record-walker.js';

/** Semantics of lists (RFC 6313 §4.4); 255 is undefined. */
const SEMANTICS = ['noneOf', 'exactlyOneOf', 'oneOrMoreOf', 'allOf', 'ordered'] as const;

/** paddingOctets, and what the fixed layouts of NetFlow v1 to v7 leave free: no information. */
const NOTHING = 0;

type Values = { [name: string]: ElementValue };

/** One record with all its elements, whatever of them a row would keep. */
export interface ElementRecord {
  readonly record: 'data' | 'options' | 'template' | 'options-template';
  readonly exportProtocol: string;
  readonly exporter: string;
  readonly observationDomainId: number;
  /** ISO 8601, by the exporter's clock. */
  readonly exportTime: string;
  readonly exportSequenceNumber: number;
  readonly templateId: number;
  /** What options hold for. */
  readonly scope?: Values;
  /** Values by the element's name; an element that a record has several times has a list. */
  readonly fields: Values | ElementValue[];
}

export interface ElementListenerOptions {
  readonly registry: ElementRegistry;
  readonly maxFieldsPerTemplate: number;
  /** Called for each record, in the order of the exports. */
  readonly emit: (record: ElementRecord) => void;
  /** Tell templates too, each before the first record that it describes. */
  readonly withTemplates?: boolean;
}

/**
 * Turns every data and options record into its elements by name. Slow beside the decoders' columns, and complete: what engineers look at when an exporter
 * sends something strange, and what decoders are compared with.
 */
export function createElementListener(options: ElementListenerOptions): RecordListener {
  const { registry, emit, withTemplates = false } = options;
  const walkers = Array.from({ length: MAX_LIST_DEPTH }, () => new RecordWalker(options.maxFieldsPerTemplate));
  const told = new WeakSet<Template>();

  function readField(message: MessageContext, at: number, width: number, type: ElementType, depth: number): ElementValue {
    switch (type) {
      case 'basicList':
      case 'subTemplateList':
      case 'subTemplateMultiList':
        return readList(message, type, at, at + width, depth) ?? hexOf(message.bytes, at, width);
      default:
        return readElement(message.bytes, at, width, type);
    }
  }

  /** The records of a list; undefined when they are deeper than lists go, or cannot be read. */
  function readList(
    message: MessageContext,
    kind: keyof typeof LIST_ELEMENTS,
    at: number,
    end: number,
    depth: number,
  ): ElementValue | undefined {
    if (depth >= MAX_LIST_DEPTH || end <= at) return undefined;
    const { bytes } = message;
    const semantic = SEMANTICS[bytes[at]!] ?? (bytes[at] === 255 ? 'undefined' : bytes[at]!);
    if (kind === 'basicList') return readValues(message, semantic, at, end, depth);
    if (kind === 'subTemplateList') {
      if (at + 3 > end) return undefined;
      return { semantic, ...readRecords(message, readU16(bytes, at + 1), at + 3, end, depth) };
    }
    const entries: ElementValue[] = [];
    for (let entry = at + 1; entry + 4 <= end; ) {
      const length = readU16(bytes, entry + 2);
      if (length < 4 || entry + length > end) return undefined;
      entries.push(readRecords(message, readU16(bytes, entry), entry + 4, entry + length, depth));
      entry += length;
    }
    return { semantic, entries };
  }

  function readValues(message: MessageContext, semantic: ElementValue, from: number, end: number, depth: number): ElementValue | undefined {
    const list = readBasicList(message.bytes, from, end);
    if (list === undefined || list.length === 0) return undefined;
    const { name, type } = registry.of(list.element);
    const values: ElementValue[] = [];
    for (let at = list.content; at < end; ) {
      let width = list.length;
      if (width === VARIABLE_LENGTH) {
        width = message.bytes[at]!;
        at += 1;
        if (width === 255) {
          if (at + 2 > end) return undefined;
          width = readU16(message.bytes, at);
          at += 2;
        }
      }
      if (at + width > end) return undefined;
      values.push(readField(message, at, width, type, depth + 1));
      at += width;
    }
    return { semantic, element: name, values };
  }

  function readRecords(message: MessageContext, templateId: number, from: number, end: number, depth: number): Values {
    const { bytes, domain } = message;
    const template = domain.templates.get(templateId);
    if (template === undefined) return { templateId, octets: hexOf(bytes, from, end - from) };
    const walker = walkers[depth]!;
    const records: ElementValue[] = [];
    let at = from;
    while (end - at >= template.minimumLength) {
      const next = walker.walk(template, bytes, at, end);
      if (next < 0) return { templateId, records, octets: hexOf(bytes, at, end - at) };
      records.push(readFields(message, template, walker, 0, template.lengths.length, depth + 1));
      at = next;
    }
    return { templateId, records };
  }

  function readFields(message: MessageContext, template: Template, walker: RecordWalker, from: number, to: number, depth: number): Values {
    // Lists use walkers of their own, one for each depth.
    const values: Values = Object.create(null);
    for (let field = from; field < to; field++) {
      const key = template.elements[field]!;
      if (key === NOTHING) continue;
      const { name, type } = registry.of(key);
      const value = readField(message, walker.offsets[field]!, walker.widths[field]!, type, depth);
      const before = values[name];
      if (!(name in values)) values[name] = value;
      else if (isRepeated(template, key, field)) (before as ElementValue[]).push(value);
      else values[name] = [before!, value];
    }
    return values;
  }

  function describe(template: Template): ElementValue[] {
    return Array.from(template.elements, (key, field) => {
      const length = template.lengths[field]!;
      return {
        ...registry.of(key),
        pen: Math.floor(key / 65_536) <= 0xffff_ffff ? Math.floor(key / 65_536) : null,
        id: key % 65_536,
        length: length === VARIABLE_LENGTH ? 'variable' : length,
        ...(field < template.scopeFields ? { scope: true } : {}),
      };
    });
  }

  return {
    record(message, template, walker) {
      const { report, origin } = message;
      const head = {
        exportProtocol: report.protocol,
        exporter: formatAddress(origin.exporter),
        observationDomainId: report.observationDomainId,
        exportTime: new Date(report.exportTimeMs).toISOString(),
        exportSequenceNumber: report.sequenceNumber,
        templateId: template.id,
      };
      if (withTemplates && template.id > 0 && !told.has(template)) {
        told.add(template);
        emit({ record: template.isOptions ? 'options-template' : 'template', ...head, fields: describe(template) });
      }
      const fields = template.lengths.length;
      if (!template.isOptions) {
        emit({ record: 'data', ...head, fields: readFields(message, template, walker, 0, fields, 0) });
        return;
      }
      const scope = readFields(message, template, walker, 0, template.scopeFields, 0);
      emit({ record: 'options', ...head, scope, fields: readFields(message, template, walker, template.scopeFields, fields, 0) });
    },
  };
}

/** True when the field's element came twice or more before it. */
function isRepeated({ elements }: Template, key: number, field: number): boolean {
  const first = elements.indexOf(key);
  const second = elements.indexOf(key, first + 1);
  return second > first && second < field;
}
