import { Op, type Step } from '../templates/plan.js';
import type { Template } from '../templates/template.js';
import type { MessageContext } from './message-context.js';
import type { RecordWalker } from './record-walker.js';
import type { RowTargets } from './row-targets.js';
import { runStep } from './run-step.js';
import { runTransform } from './transform-columns.js';

/**
 * Reads the record that `walker` has just walked into one row. With `taken`, a flag for each target, it is a record inside of another one: what is taken
 * stays as it is.
 */
export function fillRow(
  message: MessageContext,
  template: Template,
  walker: RecordWalker,
  targets: RowTargets,
  row: number,
  taken?: Uint8Array,
): void {
  const { bytes, domain, clock } = message;
  const { offsets, widths } = walker;
  for (const step of template.steps) {
    if (taken !== undefined && (step.column < 0 || taken[step.column] === 1)) continue;
    const width = widths[step.field]!;
    if (step.op === Op.variable && !hasValue(step, width)) continue;
    runStep(step, width, bytes, offsets[step.field]!, 0, 1, targets, row);
    if (step.transform !== 0) runTransform(step, 1, targets, row, clock, domain.sampling, template.usesSystemInit);
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
    case 'text':
      return width >= 1;
    default:
      return width >= 1 && width <= 8;
  }
}
