import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ColumnKind } from '../../flow/column-kinds.js';
import { FLOW_COLUMNS, type FlowColumnName } from '../../flow/columns.js';
import { schemaProblems } from '../../flow/service/schema-problems.js';
import { parseStrictYaml, type StrictYaml } from '../../flow/service/strict-yaml.js';
import { ELEMENT_TYPES, type ElementType } from './element-types.js';
import { elementKey, type FieldSource, type Reading } from './elements-table.js';

/** One element of a user's table: what it is called, how it is encoded, and the column its value goes to, if any. */
export interface UserElement {
  /** Enterprise number; 0 for IANA's elements and for NetFlow v9 types. */
  readonly pen: number;
  readonly id: number;
  readonly name: string;
  readonly type: ElementType;
  readonly column?: FlowColumnName;
}

/** A user's tables, read and checked. */
export interface UserElements {
  readonly list: readonly UserElement[];
  /** What those with a column add to FIELD_SOURCES. */
  readonly sources: readonly FieldSource[];
}

/** Wrong tables: one line per problem, each with file, line, column and remedy. */
export class ElementsError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ElementsError';
  }
}

/** Columns that say what a record told of a flow. The others are ours to fill. */
const COLUMNS = [
  'flowStartMilliseconds',
  'flowEndMilliseconds',
  'sourceIPv6Address',
  'destinationIPv6Address',
  'sourceTransportPort',
  'destinationTransportPort',
  'protocolIdentifier',
  'tcpControlBits',
  'reverseTcpControlBits',
  'octetDeltaCount',
  'packetDeltaCount',
  'reverseOctetDeltaCount',
  'reversePacketDeltaCount',
  'samplingInterval',
  'icmpTypeCode',
  'vlanId',
  'ingressInterface',
  'egressInterface',
  'sourceMacAddress',
  'destinationMacAddress',
  'flowEndReason',
  'bgpSourceAsNumber',
  'bgpDestinationAsNumber',
  'ipClassOfService',
  'firewallEvent',
  'natEvent',
  'postNATSourceIPv6Address',
  'postNATDestinationIPv6Address',
  'postNAPTSourceTransportPort',
  'postNAPTDestinationTransportPort',
  'ingressInterfaceName',
  'egressInterfaceName',
  'vrfName',
  'applicationName',
] as const satisfies readonly FlowColumnName[];

const NUMBERS: readonly ElementType[] = ['unsigned8', 'unsigned16', 'unsigned32', 'unsigned64', 'boolean', 'macAddress'];
const TYPES_OF_KIND: Readonly<Partial<Record<ColumnKind, readonly ElementType[]>>> = {
  u8: NUMBERS,
  u16: NUMBERS,
  u32: NUMBERS,
  u64: NUMBERS,
  time: ['dateTimeMilliseconds', 'dateTimeMicroseconds', 'dateTimeNanoseconds'],
  address: ['ipv4Address', 'ipv6Address'],
  symbol: ['string'],
};

const READINGS: Readonly<Partial<Record<ElementType, Reading>>> = {
  dateTimeMilliseconds: 'milliseconds',
  dateTimeMicroseconds: 'ntp',
  dateTimeNanoseconds: 'ntp',
  ipv4Address: 'ipv4',
  ipv6Address: 'ipv6',
  string: 'text',
};

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['elements'],
  properties: {
    elements: {
      type: 'array',
      maxItems: 4096,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['pen', 'id', 'name', 'type'],
        properties: {
          pen: { type: 'integer', minimum: 0, maximum: 4_294_967_295 },
          id: { type: 'integer', minimum: 1, maximum: 65_535 },
          name: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,99}$', description: 'a word of letters, digits, _, . and -' },
          type: { enum: ELEMENT_TYPES },
          column: { enum: COLUMNS },
        },
      },
    },
  },
} as const;

/**
 * Reads tables of enterprise elements:
 *
 *     elements:
 *       - { pen: 6876, id: 881, name: tenantSourceIPv4, type: ipv4Address, column: sourceIPv6Address }
 *
 * A column is filled from its element where that is not 0, before whatever else the record has for it. Throws ElementsError with every problem of every file.
 */
export function readUserElements(files: readonly string[]): UserElements {
  const problems: string[] = [];
  const list: UserElement[] = [];
  const firstOf = new Map<number, string>();
  for (const file of files) {
    for (const [index, element] of readFile(file, problems).entries()) {
      const key = elementKey(element.pen, element.id);
      const where = `${file}: element ${index + 1} (${element.pen}:${element.id})`;
      const first = firstOf.get(key);
      if (first !== undefined) problems.push(`${where} is defined before, by ${first}; keep one`);
      firstOf.set(key, where);
      list.push(element);
    }
  }
  if (problems.length > 0) throw new ElementsError(problems);
  return { list, sources: list.flatMap(sourceOf) };
}

function readFile(file: string, problems: string[]): readonly UserElement[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    problems.push(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}); give the path of a table of elements`);
    return [];
  }
  const yaml = parseStrictYaml(text);
  const line = (problem: { line: number; column: number; message: string }): string =>
    `${file}:${problem.line}:${problem.column}: ${problem.message}`;
  if ('problems' in yaml) {
    problems.push(...yaml.problems.map(line));
    return [];
  }
  const validate = new Ajv2020({ allErrors: true, verbose: true }).compile<{ elements: UserElement[] }>(SCHEMA);
  if (!validate(yaml.data)) {
    problems.push(...schemaProblems(validate.errors ?? [], yaml).map(line));
    return [];
  }
  const { elements } = yaml.data as { elements: UserElement[] };
  const wrong = elements.flatMap((element, index) => wrongType(element, index, yaml));
  problems.push(...wrong.map(line));
  return wrong.length > 0 ? [] : elements;
}

function wrongType({ column, type }: UserElement, index: number, yaml: StrictYaml) {
  if (column === undefined) return [];
  const { kind } = FLOW_COLUMNS[column];
  const types = TYPES_OF_KIND[kind] ?? [];
  if (types.includes(type)) return [];
  return [
    {
      ...yaml.positionOf(['elements', index], 'type'),
      message: `'${column}' cannot hold ${type}; its elements are ${types.join(', ')}`,
    },
  ];
}

function sourceOf({ pen, id, type, column }: UserElement): FieldSource[] {
  if (column === undefined) return [];
  return [{ column, role: 'overlay', from: [[elementKey(pen, id), READINGS[type] ?? 'unsigned']] }];
}
