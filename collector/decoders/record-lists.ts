import { compileTemplate } from '../templates/compile.js';
import { ENDPOINT_COLUMNS, elementKey, LIST_ELEMENTS } from '../templates/elements-table.js';
import { columnTarget, TARGETS } from '../templates/plan.js';
import type { ListField, Template } from '../templates/template.js';
import { readU16, readU32 } from './bytes.js';
import { fillRow } from './fill-row.js';
import type { MessageContext } from './message-context.js';
import { RecordWalker } from './record-walker.js';
import type { RowTargets } from './row-targets.js';

/** Lists inside of lists that are entered; what lies deeper is skipped with the list around it. */
export const MAX_LIST_DEPTH = 4;
/** Kinds of basicList that are remembered with what was compiled for them: element and width. */
const MAX_BASIC_LISTS = 256;

const ENDPOINTS = [...ENDPOINT_COLUMNS].map(columnTarget);

/** Where the content of a list of values begins, and what they are. */
export interface BasicList {
  readonly semantic: number;
  readonly element: number;
  /** VARIABLE_LENGTH where each value says its own. */
  readonly length: number;
  readonly content: number;
}

/**
 * The head of a basicList (RFC 6313 §4.5.1); undefined when it is cut. The enterprise number is there where E is set.
 *
 *   0          1                     3                     5                        9
 *   +----------+-+-------------------+---------------------+------------------------+-----
 *   | semantic |E|     field id      |   element length    |   enterprise number    | values …
 */
export function readBasicList(bytes: Uint8Array, at: number, end: number): BasicList | undefined {
  if (at + 5 > end) return undefined;
  const id = readU16(bytes, at + 1);
  const isEnterprise = (id & 0x8000) !== 0;
  if (isEnterprise && at + 9 > end) return undefined;
  const element = isEnterprise ? elementKey(readU32(bytes, at + 5), id & 0x7fff) : elementKey(0, id);
  return { semantic: bytes[at]!, element, length: readU16(bytes, at + 3), content: at + (isEnterprise ? 9 : 5) };
}

/**
 * Fills a row from the lists inside of its record (RFC 6313): of each list the first value or record, and of it what neither the record around it nor an
 * earlier list has told. YAF puts TCP flags there, others the flow itself. Whatever cannot be read is left out; the record around it stays.
 */
export class ListReader {
  private readonly walkers: readonly RecordWalker[];
  private readonly taken = new Uint8Array(TARGETS.length);
  private readonly basic = new Map<string, Template>();

  constructor(maxFieldsPerTemplate: number) {
    this.walkers = Array.from({ length: MAX_LIST_DEPTH }, () => new RecordWalker(maxFieldsPerTemplate));
  }

  /** Fills row `row` further, which was filled from the record that `walker` has just walked. True when it now has an end of a flow. */
  fill(message: MessageContext, template: Template, walker: RecordWalker, targets: RowTargets, row: number): boolean {
    this.taken.fill(0);
    this.take(template);
    this.readLists(message, template, walker, targets, row, 0);
    return ENDPOINTS.some((target) => this.taken[target] === 1);
  }

  private take({ steps }: Template): void {
    for (const { column } of steps) if (column >= 0) this.taken[column] = 1;
  }

  private readLists(
    message: MessageContext,
    template: Template,
    walker: RecordWalker,
    targets: RowTargets,
    row: number,
    depth: number,
  ): void {
    if (depth >= MAX_LIST_DEPTH) return;
    for (const { field, kind } of template.lists) {
      const at = walker.offsets[field]!;
      this.readList(message, kind, at, at + walker.widths[field]!, targets, row, depth);
    }
  }

  private readList(
    message: MessageContext,
    kind: ListField['kind'],
    at: number,
    end: number,
    targets: RowTargets,
    row: number,
    depth: number,
  ): void {
    const { bytes, domain } = message;
    if (kind === 'basicList') {
      const list = readBasicList(bytes, at, end);
      if (list !== undefined) this.readFirst(message, this.basicTemplate(list), list.content, end, targets, row, depth);
    } else if (kind === 'subTemplateList') {
      //   | semantic, 8 | template id, 16 | records …
      if (at + 3 <= end) this.readFirst(message, domain.templates.get(readU16(bytes, at + 1)), at + 3, end, targets, row, depth);
    } else {
      //   | semantic, 8 | then again and again: template id, 16 | length, these 4 included, 16 | records …
      for (let entry = at + 1; entry + 4 <= end; ) {
        const length = readU16(bytes, entry + 2);
        if (length < 4 || entry + length > end) return;
        this.readFirst(message, domain.templates.get(readU16(bytes, entry)), entry + 4, entry + length, targets, row, depth);
        entry += length;
      }
    }
  }

  /** Reads the first record of a list. Should others be flows too, they are counted: one record makes one row. */
  private readFirst(
    message: MessageContext,
    template: Template | undefined,
    at: number,
    end: number,
    targets: RowTargets,
    row: number,
    depth: number,
  ): void {
    if (template === undefined || template.isOptions || end - at < template.minimumLength) return;
    const walker = this.walkers[depth]!;
    const next = walker.walk(template, message.bytes, at, end);
    if (next < 0) return;
    if (template.carriesFlow && end - next >= template.minimumLength) message.faults.add('records-skipped');
    fillRow(message, template, walker, targets, row, this.taken);
    if (template.isBiflow) message.into.columns.biflow[row] = 1;
    this.take(template);
    this.readLists(message, template, walker, targets, row, depth + 1);
  }

  /** A list of values is read like a list of records with one field. */
  private basicTemplate({ element, length }: BasicList): Template | undefined {
    const key = `${element}/${length}`;
    let template = this.basic.get(key);
    if (template === undefined) {
      template = compileTemplate({
        id: 0,
        isOptions: false,
        definition: new Uint8Array(0),
        elements: Float64Array.of(element),
        lengths: Uint16Array.of(length),
        scopeFields: 0,
      });
      if (this.basic.size >= MAX_BASIC_LISTS) this.basic.clear();
      this.basic.set(key, template);
    }
    const isUseful = template.minimumLength > 0 && (template.steps.length > 0 || isList(element));
    return isUseful ? template : undefined;
  }
}

function isList(element: number): boolean {
  return Object.values<number>(LIST_ELEMENTS).includes(element);
}
