import type { ErrorObject } from 'ajv';
import { printable } from '../address.js';
import { nearest } from './nearest.js';
import type { Position, StrictYaml } from './strict-yaml.js';

/**
 * ajv's errors in the reader's words: where it stands, what is wrong, what to write instead. Run ajv with `allErrors` and `verbose`
 * so that each error carries the schema it broke.
 */
export function schemaProblems(errors: readonly ErrorObject[], yaml: StrictYaml): (Position & { readonly message: string })[] {
  const seen = new Set<string>();
  return errors.flatMap((error) => {
    const path = error.instancePath.split('/').slice(1).map(unescapePointer);
    const unknown = error.keyword === 'additionalProperties' ? String(error.params.additionalProperty) : undefined;
    const position = yaml.positionOf(path, unknown);
    const message = sentence(error, path, unknown);
    const key = `${position.line}:${position.column}:${message}`;
    if (message === undefined || seen.has(key)) return [];
    seen.add(key);
    return [{ ...position, message }];
  });
}

function sentence(error: ErrorObject, path: readonly string[], unknown: string | undefined): string | undefined {
  const where = path.length === 0 ? 'the file' : `'${path.join('.')}'`;
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      const near = nearest(unknown ?? '', known);
      return `unknown key '${printable(unknown ?? '')}'${near === undefined ? `; known here: ${known.join(', ') || 'none'}` : `; did you mean '${near}'?`}`;
    }
    case 'required':
      return `${where} lacks '${params.missingProperty}'`;
    case 'type':
      return `${where} must be ${article(String(params.type))}, not ${article(typeName(error.data))}`;
    case 'enum':
      return `${where} is '${printable(String(error.data))}'; write one of ${(params.allowedValues as unknown[]).join(', ')}`;
    case 'const':
      return `${where} must be ${JSON.stringify(params.allowedValue)}`;
    case 'pattern':
      return `${where} is '${printable(String(error.data))}'; ${hint(error) ?? `write text that matches ${params.pattern}`}`;
    case 'minimum':
    case 'maximum':
      return `${where} is ${printable(String(error.data))}; write a number ${error.keyword === 'minimum' ? 'from' : 'up to'} ${params.limit}`;
    case 'propertyNames':
      return `the name '${printable(String(params.propertyName))}' in ${where} is not allowed; use lower-case letters, digits and -, a letter first`;
    // These only sum up what their branches say in detail.
    case 'oneOf':
    case 'anyOf':
    case 'if':
    case 'not':
      return hint(error);
    default:
      return `${where} ${error.message ?? 'is not valid'}`;
  }
}

/** Schemas say in `description` what to write; that is the remedy of a pattern that did not match. */
function hint(error: ErrorObject): string | undefined {
  const description = (error.parentSchema as { description?: unknown } | undefined)?.description;
  return typeof description === 'string' ? `write ${description}` : undefined;
}

function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function article(type: string): string {
  const words: Record<string, string> = {
    object: 'a map',
    array: 'a list',
    string: 'text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    null: 'empty',
  };
  return words[type] ?? type;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
