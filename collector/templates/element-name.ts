import { SCOPE_ENTERPRISE } from './elements-table.js';
import { ianaElements } from './iana-elements-table.js';

let names: ReadonlyMap<number, string> | undefined;

/** An element's key as people write it: the IANA name, `enterprise:id`, `scope:type` for scope fields of NetFlow v9; the number where it has no name. */
export function elementName(key: number): string {
  const enterprise = Math.floor(key / 65_536);
  const id = key % 65_536;
  if (enterprise === SCOPE_ENTERPRISE) return `scope:${id}`;
  if (enterprise !== 0) return `${enterprise}:${id}`;
  names ??= new Map(ianaElements().map((element) => [element.id, element.name]));
  return names.get(id) ?? String(id);
}
