import type { FaultCode, Origin } from '../contracts.js';
import { compileTemplate, type TemplateFields } from './compile.js';
import { DEFAULT_TEMPLATE_LIMITS, type TemplateLimits } from './limits.js';
import { SamplingTable } from './sampling.js';
import type { Template } from './template.js';

export interface TemplateStoreOptions {
  /**
   * True: each source port has templates of its own, as RFC 7011 §8 has it for UDP sessions. Default false: exporters
   * change their port at will and go on with the old templates, so the address tells them apart.
   */
  readonly keyByPort?: boolean;
  readonly limits?: Partial<TemplateLimits>;
}

/** What one observation domain of one exporter told about itself. */
export interface DomainState {
  readonly templates: Map<number, Template>;
  readonly sampling: SamplingTable;
  /** systemInitTimeMilliseconds from options records: when the exporter started, NaN not told. */
  systemInitMs: number;
}

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
  readonly limits: TemplateLimits;
  stats(): { readonly domains: number; readonly templates: number; readonly domainsEvicted: number };
}

interface Entry extends DomainState {
  readonly key: string;
  lastUse: number;
}

/** Templates by exporter address, protocol and observation domain (and source port where asked for): never by a hash, never shared. */
export function createTemplateStore(options: TemplateStoreOptions = {}): TemplateStore {
  const limits: TemplateLimits = { ...DEFAULT_TEMPLATE_LIMITS, ...options.limits };
  const entries = new Map<string, Entry>();
  const exporterKeys = new WeakMap<Origin, string>();
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
      key = String.fromCharCode(...origin.exporter) + (options.keyByPort === true ? `:${origin.exporterPort}` : '');
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
    entries.delete(oldest.key);
    templates -= oldest.templates.size;
    domainsEvicted++;
    if (last === oldest) last = undefined;
  }

  function domain(origin: Origin, protocol: string, observationDomainId: number): Entry {
    uses++;
    if (last === undefined || origin !== lastOrigin || observationDomainId !== lastDomainId || protocol !== lastProtocol) {
      const key = `${exporterKey(origin)}/${protocol}/${observationDomainId}`;
      let entry = entries.get(key);
      if (entry === undefined) {
        if (entries.size >= limits.maxDomains) evict(undefined);
        entry = {
          key,
          templates: new Map(),
          sampling: new SamplingTable(limits.maxSamplersPerDomain),
          systemInitMs: Number.NaN,
          lastUse: 0,
        };
        entries.set(key, entry);
      }
      last = entry;
      lastOrigin = origin;
      lastProtocol = protocol;
      lastDomainId = observationDomainId;
    }
    last.lastUse = uses;
    return last;
  }

  function define(state: DomainState, fields: TemplateFields): TemplateOutcome {
    const known = state.templates.get(fields.id);
    if (known !== undefined && known.isOptions === fields.isOptions && sameBytes(known.definition, fields.definition)) return 'same';
    const template = compileTemplate(fields);
    if (template.minimumLength === 0) return 'template-empty';
    if (known === undefined) {
      if (state.templates.size >= limits.maxTemplatesPerDomain) return 'template-limit';
      while (templates >= limits.maxTemplates && entries.size > 1) evict(state as Entry);
      if (templates >= limits.maxTemplates) return 'template-limit';
      templates++;
    }
    state.templates.set(fields.id, template);
    return known === undefined ? 'new' : 'changed';
  }

  function withdraw(state: DomainState, templateId: number): void {
    if (state.templates.delete(templateId)) templates--;
  }

  return {
    domain,
    define,
    withdraw,
    withdrawAll(state, isOptions) {
      for (const template of [...state.templates.values()]) if (template.isOptions === isOptions) withdraw(state, template.id);
    },
    limits,
    stats: () => ({ domains: entries.size, templates, domainsEvicted }),
  };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
