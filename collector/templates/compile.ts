import {
  ENDPOINT_COLUMNS,
  FIELD_SOURCES,
  type FieldSource,
  LIST_ELEMENTS,
  REVERSE_COLUMNS,
  type Reading,
  SECTION_ELEMENTS,
} from './elements-table.js';
import { columnTarget, isAddressColumn, Op, opFor, readTarget, type Step, scratchTarget, Transform, transformOf } from './plan.js';
import { type ListField, type SectionField, type Template, VARIABLE_LENGTH } from './template.js';

export interface TemplateFields {
  readonly id: number;
  readonly isOptions: boolean;
  readonly definition: Uint8Array;
  readonly elements: Float64Array;
  readonly lengths: Uint16Array;
  readonly scopeFields: number;
}

/**
 * Compiles a template's fields to steps. Fields of length zero are legal and have no value; elements that no row needs are skipped
 * by their length. The caller refuses a template whose `minimumLength` is 0: its records could never be counted. `further` are sources of the user's own
 * (user-elements.ts), which are read last.
 */
export function compileTemplate(fields: TemplateFields, further: readonly FieldSource[] = []): Template {
  const { offsets, minimumLength, isFixed } = layOut(fields.lengths);
  const steps = fields.isOptions ? [] : compileSteps(fields, offsets, further);
  const written = new Set(steps.map((step) => step.column));
  const writes = (names: ReadonlySet<string>): boolean => [...names].some((name) => written.has(columnTarget(name)));
  const reads = (name: Parameters<typeof scratchTarget>[0]): boolean => steps.some((step) => step.target === scratchTarget(name));
  const lists = fields.isOptions ? [] : findLists(fields);
  const section = fields.isOptions || writes(IP_COLUMNS) ? undefined : findSection(fields);
  return {
    ...fields,
    minimumLength,
    isFixed,
    isRowByRow: !isFixed || lists.length > 0 || section !== undefined,
    steps,
    carriesFlow: writes(ENDPOINT_COLUMNS),
    isBiflow: writes(REVERSE_COLUMNS),
    bothFamilies: hasBothFamilies(fields),
    carriesIPv6:
      section !== undefined || steps.some(readsIPv6End) || (!writes(IP_COLUMNS) && lists.some(({ kind }) => kind === 'basicList')),
    usesSystemInit: reads('systemInit'),
    usesBiflowDirection: reads('biflowDirection'),
    usesDuration: reads('durationMs'),
    usesVrf: reads('vrf'),
    usesApplication: reads('application'),
    tellsIcmp: steps.some((step) => step.transform === Transform.icmpType),
    hasFirewallEvent: written.has(columnTarget('firewallEvent')),
    lists,
    section,
  };
}

const IP_COLUMNS: ReadonlySet<string> = new Set(['sourceIPv6Address', 'destinationIPv6Address']);
const IP_TARGETS: ReadonlySet<number> = new Set([...IP_COLUMNS].map(columnTarget));

/** Lists of records say nothing here: theirs are templates of their own; lists of values add what the record itself does not tell. Addresses after translation are not what claims are judged by. */
function readsIPv6End({ column, reading, op }: Step): boolean {
  return IP_TARGETS.has(column) && reading === 'ipv6' && op !== Op.none;
}

function layOut(lengths: Uint16Array): { offsets: Uint32Array; minimumLength: number; isFixed: boolean } {
  const offsets = new Uint32Array(lengths.length);
  let at = 0;
  let isFixed = true;
  for (let field = 0; field < lengths.length; field++) {
    offsets[field] = at;
    const length = lengths[field]!;
    if (length === VARIABLE_LENGTH) isFixed = false;
    at += length === VARIABLE_LENGTH ? 1 : length;
  }
  return { offsets, minimumLength: at, isFixed };
}

/**
 * The first source of a column that a template can serve is the one; of addresses all are read, because a template may have both families. A source that
 * fills what is empty is a plain one where nothing was there before it.
 */
function compileSteps(fields: TemplateFields, offsets: Uint32Array, further: readonly FieldSource[]): Step[] {
  const steps: Step[] = [];
  for (const source of [...FIELD_SOURCES, ...further]) {
    const column = columnTarget(source.column);
    const before = steps.filter((step) => step.column === column && column >= 0);
    if (source.role === 'column' && before.length > 0 && !isAddressColumn(source.column)) continue;
    if (source.beside?.every((element) => fieldOf(fields, element, 'unsigned') < 0) === true) continue;
    const role = source.role === 'fill' && before.length === 0 ? 'column' : source.role;
    const target = readTarget(role, source.column);
    for (const [element, reading] of source.from) {
      const field = fieldOf(fields, element, reading);
      if (field < 0 || before.some((step) => step.field === field)) continue;
      const length = fields.lengths[field]!;
      const op = length === VARIABLE_LENGTH ? Op.variable : opFor(reading, target, length, before.length > 0);
      steps.push({ op, field, offset: offsets[field]!, target, column, transform: transformOf(role, reading), reading });
      break;
    }
  }
  return steps;
}

/** The first field with this element that has a width it can be read in; −1 when there is none. */
function fieldOf({ elements, lengths }: TemplateFields, element: number, reading: Reading): number {
  for (let field = elements.indexOf(element); field >= 0; field = elements.indexOf(element, field + 1)) {
    const length = lengths[field]!;
    if (length === VARIABLE_LENGTH || opFor(reading, 0, length, false) !== Op.none) return field;
  }
  return -1;
}

/** Both families are present when some IPv4 and some IPv6 address can be read; fields of length zero are absent. */
function hasBothFamilies({ elements, lengths }: TemplateFields): boolean {
  const has = (...wanted: number[]): boolean => wanted.some((element) => (lengths[elements.indexOf(element)] ?? 0) > 0);
  return has(8, 12) && has(27, 28);
}

function findLists({ elements, lengths }: TemplateFields): ListField[] {
  const lists: ListField[] = [];
  elements.forEach((element, field) => {
    if (lengths[field] === 0) return;
    if (element === LIST_ELEMENTS.basicList) lists.push({ field, kind: 'basicList' });
    else if (element === LIST_ELEMENTS.subTemplateList) lists.push({ field, kind: 'subTemplateList' });
    else if (element === LIST_ELEMENTS.subTemplateMultiList) lists.push({ field, kind: 'subTemplateMultiList' });
  });
  return lists;
}

function findSection({ elements, lengths }: TemplateFields): SectionField | undefined {
  const find = (element: number): number => {
    const field = elements.indexOf(element);
    return field >= 0 && lengths[field]! > 0 ? field : -1;
  };
  const E = SECTION_ELEMENTS;
  const sections = [
    [E.dataLinkFrameSection, true],
    [E.layer2PacketSectionData, true],
    [E.ipHeaderPacketSection, false],
    [E.mplsPayloadPacketSection, false],
  ] as const;
  for (const [element, isFrame] of sections) {
    const field = find(element);
    if (field < 0) continue;
    return {
      field,
      isFrame,
      frameSize: isFrame ? find(E.dataLinkFrameSize) : -1,
      frameType: isFrame ? find(E.dataLinkFrameType) : -1,
      exportedOctets: find(E.sectionExportedOctets),
      offset: find(element === E.layer2PacketSectionData ? E.layer2PacketSectionOffset : E.sectionOffset),
    };
  }
  return undefined;
}
