import type { Frame } from '../model.js';
import { linkAddress, type ParsedLink } from './data-link.js';
import type { Value } from './field.js';
import type { PanelData } from './panel-context.js';

/** Where a value of a row leads. */
export type LinkTo = (value: string, row: readonly Value[]) => string;

export function linkTo(link: ParsedLink, { columns }: Frame, range: PanelData['range']): LinkTo {
  const place = (name: string): number => columns.findIndex((column) => column.name === name);
  return (value, row) => linkAddress(link, { ...range, value, field: (name) => String(row[place(name)] ?? '') });
}
