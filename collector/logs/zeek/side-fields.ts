import { type JsonObject, parseJsonLine } from '../json-line.js';
import { instantOf, textOf } from '../text-fields.js';
import type { ZeekHeader } from './header.js';

/** Times from this on are milliseconds (JSON::TS_MILLIS): as seconds they would lie beyond the year 5000. */
const MILLISECONDS_FROM = 1e11;

/** The fields of one line of a log other than conn.log, by their names in Zeek, whether the line is TSV or JSON. */
export interface SideFields {
  has(name: string): boolean;
  /** '' where it is unset or no text. */
  text(name: string): string;
  /** NaN where it is unset or no number. */
  number(name: string): number;
  /** Empty where it is unset or no vector or set. */
  list(name: string): readonly string[];
  /** In ms since the epoch, NaN where it is none. */
  time(name: string): number;
}

/** Names that Zeek writes for another separator of scopes, or for Log::default_field_name_map: as in fields-table.ts. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  'id.orig_h': ['id_orig_h', 'src_ip'],
  'id.resp_h': ['id_resp_h', 'dst_ip'],
};

/** The fields of a TSV line under `header`; undefined when it has not as many columns as the header names. Valid until the next call. */
export function createTsvFields(header: ZeekHeader): (bytes: Uint8Array, from: number, to: number) => SideFields | undefined {
  let columns: string[] = [];
  const text = (name: string): string => {
    const at = header.columnOf(name) ?? OTHER_NAMES[name]?.map((other) => header.columnOf(other)).find((column) => column !== undefined);
    const value = at === undefined ? '' : columns[at]!;
    return value === header.unsetText ? '' : value;
  };
  const fields: SideFields = {
    has: (name) => text(name) !== '',
    text,
    number: (name) => numberOf(text(name)),
    list: (name) => {
      const value = text(name);
      return value === '' || value === header.emptyText ? [] : value.split(header.setSeparator);
    },
    time: (name) => timeOf(numberOf(text(name))),
  };
  return (bytes, from, to) => {
    columns = textOf(bytes, from, to).split(String.fromCharCode(header.separator));
    return columns.length === header.columns ? fields : undefined;
  };
}

/** The fields of a line of JSON, undefined when it is none. Valid until the next call. */
export function createJsonFields(): (bytes: Uint8Array, from: number, to: number) => SideFields | undefined {
  let object: JsonObject = {};
  const value = (name: string): unknown => {
    const found = object[name] ?? OTHER_NAMES[name]?.map((other) => object[other]).find((other) => other !== undefined);
    return found ?? undefined;
  };
  const fields: SideFields = {
    has: (name) => value(name) !== undefined,
    text: (name) => {
      const found = value(name);
      return typeof found === 'string' ? found : '';
    },
    number: (name) => {
      const found = value(name);
      return typeof found === 'number' ? found : Number.NaN;
    },
    list: (name) => {
      const found = value(name);
      return Array.isArray(found) ? found.map(String) : [];
    },
    time: (name) => {
      const found = value(name);
      return typeof found === 'string' ? instantOf(found) : timeOf(typeof found === 'number' ? found : Number.NaN);
    },
  };
  return (bytes, from, to) => {
    const parsed = parseJsonLine(bytes, from, to);
    if (parsed === undefined) return undefined;
    object = parsed;
    return fields;
  };
}

function numberOf(text: string): number {
  return text === '' ? Number.NaN : Number(text);
}

function timeOf(value: number): number {
  return value >= MILLISECONDS_FROM ? value : value * 1000;
}
