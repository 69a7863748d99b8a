import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { printable } from '../../flow/address.js';
import { nearest } from '../../flow/service/nearest.js';
import { packageRoot } from '../../flow/service/paths.js';
import type { ClaimFile } from './file-types.js';
import { type ClaimsProblem, MAX_PROBLEMS } from './problem.js';
import { MISSING, REMEDIES } from './remedies.js';
import type { ClaimsSource, DocumentPath } from './source.js';

let validator: ValidateFunction | undefined;
/** Name of a definition by its schema object, so that an error tells which one it failed. */
const definitionNames = new Map<unknown, string>();

/** The shipped schema, but for the keys that only the whole set must have: a set may be split into several files. */
function validate(): ValidateFunction {
  if (validator === undefined) {
    const schema = JSON.parse(readFileSync(join(packageRoot(), 'detector/claims/claims.schema.json'), 'utf8')) as Record<string, unknown>;
    const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: true, strictRequired: false, strictTypes: false });
    ajv.addFormat('uri', {
      type: 'string',
      validate: (text: string) => text.length <= 2000 && /^https?:\/\/[^\s\u0000-\u001f"<>]+$/.test(text) && URL.canParse(text),
    });
    ajv.addFormat('uri-reference', {
      type: 'string',
      validate: (text: string) => text.length <= 2000 && /^[^\s\u0000-\u001f"<>]+$/.test(text),
    });
    for (const [name, definition] of Object.entries(schema.$defs as object)) definitionNames.set(definition, name);
    validator = ajv.compile({ ...schema, required: ['version', 'id'] });
  }
  return validator;
}

/** Checks the shape of one file. What is wrong is added to `problems`; then the answer is undefined. */
export function checkShape(source: ClaimsSource, problems: ClaimsProblem[]): ClaimFile | undefined {
  const check = validate();
  if (check(source.data)) return source.data as ClaimFile;
  for (const error of check.errors ?? []) {
    if (problems.length >= MAX_PROBLEMS) break;
    // Branches of oneOf and anyOf, and the inside of propertyNames, are told by the error of the whole.
    if (/\/(oneOf|anyOf)\//.test(error.schemaPath) || error.propertyName !== undefined) continue;
    problems.push(translate(error, source));
  }
  return undefined;
}

function translate(error: ErrorObject, source: ClaimsSource): ClaimsProblem {
  const path = documentPath(error.instancePath);
  const params = error.params as Record<string, unknown>;
  const remedy = remedyOf(error);
  const where = path.length === 0 ? 'the file' : `'${path.filter((step) => typeof step === 'string').at(-1)}'`;
  const say = (code: string, message: string, key?: string): ClaimsProblem => source.problem(path, code, message, key);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(error, String(params.additionalProperty), where, say);
    case 'required': {
      const key = String(params.missingProperty);
      return say('missing-key', `${where} lacks '${key}'; add ${MISSING[key] ?? `${key}: …`}`);
    }
    case 'propertyNames': {
      const key = String(params.propertyName);
      return say('bad-name', `'${printable(key)}' cannot be a name; ${REMEDIES.id}`, key);
    }
    case 'type':
      return say('wrong-type', `${where} must be ${article(String(params.type))}, not ${valueText(error.data)}; ${remedy}`);
    case 'enum': {
      const allowed = (params.allowedValues as unknown[]).map(String);
      const meant = nearest(String(error.data), allowed);
      return say(
        'unknown-value',
        `${valueText(error.data)} is not known here; ${meant === undefined ? '' : `did you mean ${meant}? `}write one of ${allowed.join(', ')}`,
      );
    }
    case 'const':
      return say(
        'unknown-value',
        `${where} is ${valueText(error.data)}; write ${String(params.allowedValue)}, the only value this version knows`,
      );
    case 'minItems':
      return say('empty', `${where} is empty; name one at least, or delete the key`);
    case 'maxItems':
    case 'maxProperties':
      if (definitionNames.get(error.parentSchema) === 'assertion')
        return say(
          'one-kind',
          `a claim asserts one thing, here are ${Object.keys(error.data as object).length}; ${remedy}, and make further claims of the others`,
        );
      return say('too-many', `${where} holds more than ${String(params.limit)}; split it`);
    case 'minProperties':
      return say('empty', `${where} is empty; ${remedy}`);
    case 'minimum':
    case 'maximum':
      return say(
        'out-of-range',
        `${where} is ${valueText(error.data)}; write a number ${String(params.comparison)} ${String(params.limit)}`,
      );
    case 'format':
      return say('bad-value', `${valueText(error.data)} is no address of a document; write one that begins with https://`);
    case 'oneOf':
    case 'anyOf':
      return say('incomplete', `${where} is incomplete or says two things at once; ${remedy}`);
    default:
      return say('bad-value', `${valueText(error.data)} cannot stand here; ${remedy}`);
  }
}

type Say = (code: string, message: string, key?: string) => ClaimsProblem;

function unknownKey(error: ErrorObject, key: string, where: string, say: Say): ClaimsProblem {
  if (key === 'draft' && where === 'the file')
    return say(
      'draft',
      "this is a draft, and drafts are not judged; read every rule, answer its questions, then delete the line 'draft'",
      key,
    );
  const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
  const meant = nearest(key, known);
  const hint = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean '${meant}'?`;
  return say('unknown-key', `unknown key '${printable(key)}' in ${where}; ${hint}`, key);
}

function remedyOf(error: ErrorObject): string {
  const name = definitionNames.get(error.parentSchema) ?? '';
  const type = (error.params as { type?: unknown }).type;
  return (
    REMEDIES[name] ?? (type === 'array' ? 'write a list: [a, b]' : type === 'object' ? 'write a map: { key: value }' : `see docs/claims.md`)
  );
}

function article(type: string): string {
  const words: Record<string, string> = {
    object: 'a map',
    array: 'a list',
    string: 'a text',
    integer: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return words[type] ?? type;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `'${printable(value)}'` : String(value);
}

/** RFC 6901 pointer to steps; numbers are indexes of lists. */
function documentPath(pointer: string): DocumentPath {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^(0|[1-9]\d*)$/.test(step) ? Number(step) : step));
}
