import { type JsonObject, objectOf } from '../json-line.js';
import { VPC_SLOT_OF_FIELD } from './fields-table.js';

/** What CloudWatch sends to see whether a subscription's receiver is there, instead of a line. */
const CONTROL_MESSAGE = 'CWL CONTROL MESSAGE';

/** Names of fields in the order in which `fieldsLine` writes them; AWS's tools write them with '_' too. */
export const JSON_FIELDS: readonly string[] = [...VPC_SLOT_OF_FIELD.keys()].filter((name) => !name.startsWith('tgw-'));

/** The line of a flow log in a CloudWatch event (`message`; subscriptions and `aws logs` write them); undefined where the object is none. */
export function messageOf(event: JsonObject): string | undefined {
  const { message } = event;
  return typeof message === 'string' && !message.startsWith(CONTROL_MESSAGE) ? message : undefined;
}

/** The record as a line of JSON_FIELDS, of an object that has its fields by name; undefined where it is none. */
export function fieldsLine(event: JsonObject): string | undefined {
  const fields = objectOf(event.extractedFields) ?? event;
  if (
    fieldOf(fields, 'srcaddr') === undefined &&
    fieldOf(fields, 'pkt-srcaddr') === undefined &&
    fieldOf(fields, 'log-status') === undefined
  )
    return undefined;
  return JSON_FIELDS.map((name) => wordOf(fieldOf(fields, name))).join(' ');
}

function fieldOf(fields: JsonObject, name: string): unknown {
  return fields[name] ?? fields[name.replaceAll('-', '_')];
}

/** A field as it stands in a line: '-' where there is none; what is no word becomes one that no field can be. */
function wordOf(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  const word = typeof value === 'number' || typeof value === 'string' ? String(value) : '?';
  return /^\S+$/.test(word) ? word : '?';
}
