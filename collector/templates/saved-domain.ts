import { formatAddress, parseAddress } from '../../flow/address.js';
import type { TemplateFields } from './compile.js';
import { MAX_NAME_OCTETS } from './names.js';
import type { DomainOwner, KnownDomain } from './store.js';
import { readIpfixFields, readNetflow9Fields } from './template.js';

/** One observation domain as a line of the template file. Template records are kept as they came, so that they are read by the same code again. */
export interface SavedDomain {
  readonly exporter: string;
  readonly exporterPort: number;
  readonly protocol: string;
  readonly observationDomainId: number;
  readonly lastSeenMs: number;
  /** null: not told. */
  readonly systemInitMs: number | null;
  /** Sampler (null: the whole domain) and interval. */
  readonly sampling: readonly (readonly [number | null, number])[];
  /** Selection sequence and its selectors. */
  readonly sequences: readonly (readonly [number, readonly number[]])[];
  readonly interfaceNames: readonly (readonly [number, string])[];
  readonly vrfNames: readonly (readonly [number, string])[];
  /** Absent in files of versions that did not read them. */
  readonly applicationNames?: readonly (readonly [number, string])[];
  /** Template records, base64. */
  readonly templates: readonly string[];
  readonly optionsTemplates: readonly string[];
}

/** A saved domain in the terms of the template store. */
export interface DomainToRestore {
  readonly owner: DomainOwner;
  readonly lastSeenMs: number;
  readonly systemInitMs: number;
  readonly sampling: readonly (readonly [number | undefined, number])[];
  readonly sequences: readonly (readonly [number, readonly number[]])[];
  readonly interfaceNames: readonly (readonly [number, string])[];
  readonly vrfNames: readonly (readonly [number, string])[];
  readonly applicationNames: readonly (readonly [number, string])[];
  readonly templates: readonly TemplateFields[];
}

/** First id that is no template's own but a kind of set (RFC 7011 §3.4.1, RFC 3954 §5.2). */
const FIRST_TEMPLATE_ID = 256;
const SPECIFIER_OCTETS = 4;

export function saveDomain(domain: KnownDomain): SavedDomain {
  const { owner, sampling, templates, lastSeenMs, systemInitMs, interfaceNames, vrfNames, applicationNames } = domain;
  const records = (isOptions: boolean): string[] =>
    [...templates.values()]
      .filter((template) => template.isOptions === isOptions)
      .map(({ definition }) => Buffer.from(definition).toString('base64'));
  return {
    exporter: formatAddress(owner.exporter),
    exporterPort: owner.exporterPort,
    protocol: owner.protocol,
    observationDomainId: owner.observationDomainId,
    lastSeenMs,
    systemInitMs: Number.isNaN(systemInitMs) ? null : systemInitMs,
    sampling: [...sampling.entries()].map(([sampler, interval]) => [sampler ?? null, interval]),
    sequences: [...sampling.selectionSequences()],
    interfaceNames: [...interfaceNames.entries()],
    vrfNames: [...vrfNames.entries()],
    applicationNames: [...applicationNames.entries()],
    templates: records(false),
    optionsTemplates: records(true),
  };
}

/** The domain of a line; undefined when it is not what `saveDomain` writes. */
export function readSavedDomain(line: unknown): DomainToRestore | undefined {
  if (typeof line !== 'object' || line === null) return undefined;
  const saved = line as Partial<SavedDomain>;
  const { protocol, exporterPort, observationDomainId, lastSeenMs } = saved;
  if (protocol !== 'netflow9' && protocol !== 'ipfix') return undefined;
  if (!isWord(exporterPort, 16) || !isWord(observationDomainId, 32) || !Number.isFinite(lastSeenMs)) return undefined;
  const exporter = addressOf(saved.exporter);
  const sampling = pairsOf(saved.sampling, isNumberOrNull, Number.isFinite);
  const sequences = pairsOf(saved.sequences, Number.isFinite, isNumbers);
  const interfaceNames = pairsOf(saved.interfaceNames, Number.isFinite, isText);
  const vrfNames = pairsOf(saved.vrfNames, Number.isFinite, isText);
  const applicationNames = pairsOf(saved.applicationNames ?? [], Number.isFinite, isText);
  const templates = templatesOf(saved.templates, protocol, false);
  const options = templatesOf(saved.optionsTemplates, protocol, true);
  if (sampling === undefined || sequences === undefined || interfaceNames === undefined || vrfNames === undefined) return undefined;
  if (applicationNames === undefined) return undefined;
  if (exporter === undefined || templates === undefined || options === undefined) return undefined;
  return {
    owner: { exporter, exporterPort: exporterPort!, transport: 'udp', protocol, observationDomainId: observationDomainId! },
    lastSeenMs: lastSeenMs!,
    systemInitMs: typeof saved.systemInitMs === 'number' ? saved.systemInitMs : Number.NaN,
    sampling: (sampling as [number | null, number][]).map(([sampler, interval]) => [sampler ?? undefined, interval]),
    sequences: sequences as [number, number[]][],
    interfaceNames: interfaceNames as [number, string][],
    vrfNames: vrfNames as [number, string][],
    applicationNames: applicationNames as [number, string][],
    templates: [...templates, ...options],
  };
}

function isWord(value: unknown, bits: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** bits;
}

function addressOf(text: unknown): Uint8Array | undefined {
  try {
    return typeof text === 'string' ? parseAddress(text) : undefined;
  } catch {
    return undefined;
  }
}

type Test = (value: unknown) => boolean;
const isNumberOrNull: Test = (value) => value === null || Number.isFinite(value);
const isNumbers: Test = (value) => Array.isArray(value) && value.every(Number.isFinite);
const isText: Test = (value) => typeof value === 'string' && value.length <= MAX_NAME_OCTETS;

/** Pairs that pass both tests; undefined when `value` is anything else. */
function pairsOf(value: unknown, first: Test, second: Test): unknown[][] | undefined {
  if (!Array.isArray(value)) return undefined;
  const isPair = (pair: unknown): boolean => Array.isArray(pair) && pair.length === 2 && first(pair[0]) && second(pair[1]);
  return value.every(isPair) ? (value as unknown[][]) : undefined;
}

function templatesOf(value: unknown, protocol: 'netflow9' | 'ipfix', isOptions: boolean): TemplateFields[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const templates: TemplateFields[] = [];
  for (const text of value as readonly unknown[]) {
    const fields = typeof text === 'string' ? templateRecord(Buffer.from(text, 'base64'), protocol, isOptions) : undefined;
    if (fields === undefined) return undefined;
    templates.push(fields);
  }
  return templates;
}

/**
 * A template record by itself. All begin with the template's id; behind it stand
 *
 *   template             field count, specifiers                          (RFC 3954 §5.2, RFC 7011 §3.4.1)
 *   options, NetFlow v9  octets of scope, octets of options, specifiers   (RFC 3954 §6.1)
 *   options, IPFIX       field count, scope field count, specifiers       (RFC 7011 §3.4.2.2)
 */
function templateRecord(record: Buffer, protocol: 'netflow9' | 'ipfix', isOptions: boolean): TemplateFields | undefined {
  const headerOctets = isOptions ? 6 : 4;
  if (record.length < headerOctets) return undefined;
  const id = record.readUInt16BE(0);
  const first = record.readUInt16BE(2);
  const second = isOptions ? record.readUInt16BE(4) : 0;
  let count = first;
  let scopeFields = second;
  if (isOptions && protocol === 'netflow9') {
    count = (first + second) / SPECIFIER_OCTETS;
    scopeFields = first / SPECIFIER_OCTETS;
    if (!Number.isInteger(count) || !Number.isInteger(scopeFields)) return undefined;
  }
  const specifiers =
    protocol === 'netflow9'
      ? readNetflow9Fields(record, headerOctets, record.length, count, scopeFields)
      : readIpfixFields(record, headerOctets, record.length, count);
  if (id < FIRST_TEMPLATE_ID || specifiers?.end !== record.length || scopeFields > count) return undefined;
  return { id, isOptions, scopeFields, definition: new Uint8Array(record), elements: specifiers.elements, lengths: specifiers.lengths };
}
