import type { FaultCode, Origin } from '../contracts.js';
import { compileTemplate, type TemplateFields } from './compile.js';
import { Ipv6Templates } from './ipv6-templates.js';
import { DEFAULT_TEMPLATE_LIMITS, type TemplateLimits } from './limits.js';
import { NameTable } from './names.js';
import { SamplingTable } from './sampling.js';
import type { Template } from './template.js';
import type { UserElements } from './user-elements.js';

export interface TemplateStoreOptions {
  /**
   * True: each source port has templates of its own, as RFC 7011 §8 has it for UDP sessions. Default false: exporters
   * change their port at will and go on with the old templates, so the address tells them apart.
   */
  readonly keyByPort?: boolean;
  readonly limits?: Partial<TemplateLimits>;
  /** What the user's own table says of elements (user-elements.ts). */
  readonly elements?: UserElements;
}

/** What one observation domain of one exporter told about itself. */
export interface DomainState {
  readonly templates: Map<number, Template>;
  readonly ipv6: Ipv6Templates;
  readonly sampling: SamplingTable;
  /** Interface names by ifIndex, VRF names by id, application names by applicationId. */
  readonly interfaceNames: NameTable;
  readonly vrfNames: NameTable;
  readonly applicationNames: NameTable;
  /** systemInitTimeMilliseconds from options records: when the exporter started, NaN not told. */
  systemInitMs: number;
  /** Templates from before our restart that the exporter has not sent again yet, with the records decoded by each since. */
  readonly restored: Map<number, number>;
  /** Records decoded by restored templates, those confirmed since included. */
  recordsByRestored: number;
}

/** Whose an observation domain is. */
export interface DomainOwner {
  /** 16 bytes. */
  readonly exporter: Uint8Array;
  readonly exporterPort: number;
  readonly transport: Origin['transport'];
  readonly protocol: string;
  readonly observationDomainId: number;
}

/** A domain with its owner, for those who look in from outside: persistence and `cordon doctor`. */
export interface KnownDomain extends DomainState {
  readonly owner: DomainOwner;
  /** Arrival of its last message in ms; NaN where arrival is not known. */
  lastSeenMs: number;
}

/** A template that changed while it was in use: a security event, or an exporter that gives ids anew. */
export interface Redefinition {
  readonly owner: DomainOwner;
  readonly atMs: number;
  readonly before: Template;
  readonly after: Template;
  /** True when `before` came from before our restart: these records have been read by a template that may have been out of date. */
  readonly wasRestored: boolean;
  /** Records decoded by `before` since our restart; 0 where it was not restored. */
  readonly records: number;
}

/** Redefinitions remembered for people; older ones stay counted in the ledger. */
export const MAX_REDEFINITIONS = 32;

/** What became of a template record: 'new', 'same' (a refresh), 'changed' (redefined), or the fault it was refused with. */
export type TemplateOutcome = 'new' | 'same' | 'changed' | (FaultCode & `template-${string}`);

export interface TemplateStore {
  /** The domain's state, made if it is new. */
  domain(origin: Origin, protocol: string, observationDomainId: number): DomainState;
  /** Compiles and keeps a template, unless it is malformed, empty or one too many. */
  define(domain: DomainState, fields: TemplateFields): TemplateOutcome;
  /** Forgets one template, or all of a kind (RFC 7011 §8.1). For sessions that are reliable only: over UDP a withdrawal is ignored (§8.4). */
  withdraw(domain: DomainState, templateId: number): void;
  withdrawAll(domain: DomainState, isOptions: boolean): void;
  /** Forgets the templates of a connection that has ended (RFC 7011 §8). */
  endSession(origin: Origin): void;
  /** Tells whoever keeps something of a domain elsewhere that the domain is forgotten: evicted, or its session has ended. */
  whenForgotten(listener: (domain: DomainState) => void): void;
  readonly limits: TemplateLimits;
  /** All domains, in no order. */
  domains(): Iterable<KnownDomain>;
  /**
   * A domain as it was before a restart, its templates marked as restored until the exporter sends them again. Undefined where the limits leave no room or
   * the domain is known already: what the exporter itself said since goes first.
   */
  restore(owner: DomainOwner, lastSeenMs: number, templates: readonly TemplateFields[]): KnownDomain | undefined;
  /** The latest redefinitions, oldest first, at most MAX_REDEFINITIONS. */
  readonly redefinitions: readonly Redefinition[];
  stats(): { readonly domains: number; readonly templates: number; readonly domainsEvicted: number };
}

interface Entry extends KnownDomain {
  readonly key: string;
  lastUse: number;
}

/** Templates by exporter address, protocol and observation domain (and source port where asked for): never by a hash, never shared. */
export function createTemplateStore(options: TemplateStoreOptions = {}): TemplateStore {
  const limits: TemplateLimits = { ...DEFAULT_TEMPLATE_LIMITS, ...options.limits };
  const entries = new Map<string, Entry>();
  const exporterKeys = new WeakMap<Origin, string>();
  const redefinitions: Redefinition[] = [];
  const listeners: ((domain: DomainState) => void)[] = [];
  let uses = 0;
  let templates = 0;
  let domainsEvicted = 0;
  let last: Entry | undefined;
  let lastOrigin: Origin | undefined;
  let lastProtocol = '';
  let lastDomainId = -1;

  function exporterKey(origin: Origin): string {
    let key = exporterKeys.get(origin);
    if (key === undefined) {
      key = keyOf(origin, options.keyByPort === true);
      exporterKeys.set(origin, key);
    }
    return key;
  }

  function evict(keep: Entry | undefined): void {
    let oldest: Entry | undefined;
    for (const entry of entries.values()) {
      if (entry !== keep && (oldest === undefined || entry.lastUse < oldest.lastUse)) oldest = entry;
    }
    if (oldest === undefined) return;
    forget(oldest);
    domainsEvicted++;
  }

  function forget(entry: Entry): void {
    entries.delete(entry.key);
    templates -= entry.templates.size;
    if (last === entry) last = undefined;
    for (const tell of listeners) tell(entry);
  }

  function domain(origin: Origin, protocol: string, observationDomainId: number): Entry {
    uses++;
    if (last === undefined || origin !== lastOrigin || observationDomainId !== lastDomainId || protocol !== lastProtocol) {
      const key = `${exporterKey(origin)}/${protocol}/${observationDomainId}`;
      let entry = entries.get(key);
      if (entry === undefined) {
        if (entries.size >= limits.maxDomains) evict(undefined);
        const { exporter, exporterPort, transport } = origin;
        entry = emptyDomain(key, { exporter: exporter.slice(), exporterPort, transport, protocol, observationDomainId }, limits);
        entries.set(key, entry);
      }
      last = entry;
      lastOrigin = origin;
      lastProtocol = protocol;
      lastDomainId = observationDomainId;
    }
    last.lastUse = uses;
    last.lastSeenMs = origin.receivedMs;
    return last;
  }

  function define(state: DomainState, fields: TemplateFields): TemplateOutcome {
    const known = state.templates.get(fields.id);
    const restoredRecords = state.restored.get(fields.id);
    if (known !== undefined && known.isOptions === fields.isOptions && sameBytes(known.definition, fields.definition)) {
      if (restoredRecords !== undefined) state.restored.delete(fields.id);
      state.ipv6.told(known);
      return 'same';
    }
    const template = compileTemplate(fields, options.elements?.sources);
    if (template.minimumLength === 0) return 'template-empty';
    if (known === undefined) {
      if (state.templates.size >= limits.maxTemplatesPerDomain) return 'template-limit';
      while (templates >= limits.maxTemplates && entries.size > 1) evict(state as Entry);
      if (templates >= limits.maxTemplates) return 'template-limit';
      templates++;
    }
    if (known !== undefined) state.ipv6.removed(known);
    state.ipv6.added(template);
    state.ipv6.told(template);
    state.templates.set(fields.id, template);
    state.restored.delete(fields.id);
    // An exporter may give its ids anew while we were away (RFC 7011 §8); only records that were read by the old template make it an event.
    if (known === undefined || restoredRecords === 0) return 'new';
    if (redefinitions.length >= MAX_REDEFINITIONS) redefinitions.shift();
    const { owner, lastSeenMs } = state as Entry;
    redefinitions.push({
      owner,
      atMs: lastSeenMs,
      before: known,
      after: template,
      wasRestored: restoredRecords !== undefined,
      records: restoredRecords ?? 0,
    });
    return 'changed';
  }

  function restore(owner: DomainOwner, lastSeenMs: number, saved: readonly TemplateFields[]): KnownDomain | undefined {
    const key = `${keyOf(owner, options.keyByPort === true)}/${owner.protocol}/${owner.observationDomainId}`;
    if (entries.has(key) || entries.size >= limits.maxDomains) return undefined;
    const entry = emptyDomain(key, { ...owner, exporter: owner.exporter.slice() }, limits);
    entry.lastSeenMs = lastSeenMs;
    entry.lastUse = lastSeenMs - Number.MAX_SAFE_INTEGER; // evicted before all that were heard since, the longest silent first
    for (const fields of saved) {
      if (entry.templates.size >= limits.maxTemplatesPerDomain || templates >= limits.maxTemplates) break;
      if (fields.elements.length > limits.maxFieldsPerTemplate || entry.templates.has(fields.id)) continue;
      const template = compileTemplate(fields, options.elements?.sources);
      if (template.minimumLength === 0) continue;
      entry.templates.set(template.id, template);
      entry.restored.set(template.id, 0);
      entry.ipv6.added(template);
      templates++;
    }
    entries.set(key, entry);
    return entry;
  }

  function withdraw(state: DomainState, templateId: number): void {
    state.restored.delete(templateId);
    const template = state.templates.get(templateId);
    if (template === undefined) return;
    state.templates.delete(templateId);
    state.ipv6.removed(template);
    templates--;
  }

  return {
    domain,
    define,
    withdraw,
    withdrawAll(state, isOptions) {
      for (const template of [...state.templates.values()]) if (template.isOptions === isOptions) withdraw(state, template.id);
    },
    endSession(origin) {
      const key = `${exporterKey(origin)}/`;
      for (const entry of [...entries.values()]) if (entry.key.startsWith(key)) forget(entry);
    },
    whenForgotten: (listener) => void listeners.push(listener),
    limits,
    domains: () => entries.values(),
    restore,
    redefinitions,
    stats: () => ({ domains: entries.size, templates, domainsEvicted }),
  };
}

/** Over TCP and TLS templates live and die with their session (RFC 7011 §8.1), so the session is always part of it. */
function keyOf(from: Pick<Origin, 'exporter' | 'exporterPort' | 'transport' | 'session'>, keyByPort: boolean): string {
  const address = String.fromCharCode(...from.exporter);
  if (from.transport === 'tcp' || from.transport === 'tls') return `${address}${from.transport}${from.session ?? from.exporterPort}`;
  return keyByPort ? `${address}:${from.exporterPort}` : address;
}

function emptyDomain(key: string, owner: DomainOwner, limits: TemplateLimits): Entry {
  return {
    key,
    owner,
    ...createDomainState(limits),
    lastSeenMs: Number.NaN,
    lastUse: 0,
  };
}

/** A domain that has told nothing yet. */
export function createDomainState(limits: Pick<TemplateLimits, 'maxSamplersPerDomain' | 'maxNamesPerDomain'>): DomainState {
  return {
    templates: new Map(),
    ipv6: new Ipv6Templates(),
    sampling: new SamplingTable(limits.maxSamplersPerDomain),
    interfaceNames: new NameTable(limits.maxNamesPerDomain),
    vrfNames: new NameTable(limits.maxNamesPerDomain),
    applicationNames: new NameTable(limits.maxNamesPerDomain),
    systemInitMs: Number.NaN,
    restored: new Map(),
    recordsByRestored: 0,
  };
}

/** Notes records that a template from before our restart has just decoded, while the exporter has not confirmed it. */
export function countRestored(state: DomainState, templateId: number, records: number): void {
  const before = state.restored.get(templateId);
  if (before === undefined || records === 0) return;
  state.restored.set(templateId, before + records);
  state.recordsByRestored += records;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
