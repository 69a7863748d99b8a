import { ENDPOINT_COLUMNS, FIELD_SOURCES, REVERSE_COLUMNS } from './elements-table.js';
import { columnTarget, Op, opFor, readTarget, type Step, transformOf, unwrittenTargets } from './plan.js';
import { type Template, VARIABLE_LENGTH } from './template.js';

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
 * by their length. The caller refuses a template whose `minimumLength` is 0: its records could never be counted.
 */
export function compileTemplate(fields: TemplateFields): Template {
  const { offsets, minimumLength, isFixed } = layOut(fields.lengths);
  const steps = fields.isOptions ? [] : compileSteps(fields, offsets);
  const written = new Set(steps.map((step) => step.column));
  const writes = (names: ReadonlySet<string>): boolean => [...names].some((name) => written.has(columnTarget(name)));
  return {
    ...fields,
    minimumLength,
    isFixed,
    steps,
    unwritten: unwrittenTargets(steps),
    carriesFlow: writes(ENDPOINT_COLUMNS),
    isBiflow: writes(REVERSE_COLUMNS),
    bothFamilies: hasBothFamilies(fields),
    usesSystemInit: steps.some((step) => step.target === readTarget('systemInit', '')),
    usesBiflowDirection: steps.some((step) => step.target === readTarget('biflowDirection', '')),
  };
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

function compileSteps(fields: TemplateFields, offsets: Uint32Array): Step[] {
  const both = hasBothFamilies(fields);
  const steps: Step[] = [];
  for (const source of FIELD_SOURCES) {
    const target = readTarget(source.role, source.column);
    for (const [element, reading] of source.from) {
      const field = fields.elements.indexOf(element);
      if (field < 0) continue;
      const length = fields.lengths[field]!;
      const op = length === VARIABLE_LENGTH ? Op.variable : opFor(reading, target, length, both);
      if (op === Op.none) continue;
      const column = columnTarget(source.column);
      steps.push({ op, field, offset: offsets[field]!, target, column, transform: transformOf(source.role, reading), reading });
      break;
    }
  }
  return steps;
}

/** Both families are present when some IPv4 and some IPv6 address can be read; fields of length zero are absent. */
function hasBothFamilies({ elements, lengths }: TemplateFields): boolean {
  const has = (...wanted: number[]): boolean => wanted.some((element) => (lengths[elements.indexOf(element)] ?? 0) > 0);
  return has(8, 12) && has(27, 28);
}
