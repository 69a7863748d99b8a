import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../../flow/service/log.js';
import { replaceFile } from '../../flow/service/replace-file.js';
import { DAY_MS } from '../../flow/time.js';
import { type DomainToRestore, readSavedDomain, type SavedDomain, saveDomain } from './saved-domain.js';
import type { KnownDomain, TemplateStore } from './store.js';

/** Bounds of what is kept of templates over a restart. */
export const PERSISTENCE_DEFAULTS = {
  /** How often the file is written, where anybody was heard meanwhile. A crash loses what came since. */
  intervalMs: 30_000,
  /** Domains that were silent longer than this are not restored: what they sent then says little of what they send now. */
  maxAgeMs: DAY_MS,
  /** A larger file is not read, and domains beyond it are not written: the template limits at their worst. */
  maxFileOctets: 32 * 2 ** 20,
} as const;

/**
 * The file, one JSON object a line:
 *   {"cordon":"templates","version":1,"domains":2}
 *   one line per observation domain (saved-domain.ts)
 *   {"sha256":"…"}     of all octets before this line
 */
const VERSION = 1;

export interface PersistenceOptions {
  /** The file; its folder is made where it is missing. One process at a time. */
  readonly path: string;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Wall clock in ms. */
  readonly now: () => number;
  readonly intervalMs?: number;
  readonly maxAgeMs?: number;
  readonly maxFileOctets?: number;
}

/** Keeps templates, sampling and start times of UDP exporters over restarts, so that the minutes until they are sent again are not lost. */
export interface TemplatePersistence {
  /**
   * Restores what the file holds into the store; answers the number of domains. A file that is missing is nothing special; one that is damaged, too large or of
   * another version is left alone and told in a warning.
   */
  load(): Promise<number>;
  /** Writes the file every `intervalMs` from now on, where anybody was heard meanwhile. */
  start(): Promise<void>;
  /** Writes a last time. */
  stop(): Promise<void>;
}

export function createTemplatePersistence(store: TemplateStore, options: PersistenceOptions): TemplatePersistence {
  const { path, log, now, intervalMs, maxAgeMs, maxFileOctets } = { ...PERSISTENCE_DEFAULTS, ...options };
  let timer: NodeJS.Timeout | undefined;
  let written = '';
  let writing: Promise<void> = Promise.resolve();

  const save = async (): Promise<void> => {
    const text = templateFile(store, maxFileOctets);
    if (text === written) return;
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, text);
    written = text;
  };
  const saveInTurn = (): Promise<void> => {
    writing = writing.then(save).catch((error: unknown) => {
      log.warn({ path, error: String(error) }, `templates cannot be kept in ${path}: a restart will wait for exporters to send them again`);
    });
    return writing;
  };

  return {
    async load() {
      const text = await readBounded(path, maxFileOctets);
      if (text === undefined) return 0;
      const domains = typeof text === 'string' ? parseTemplateFile(text) : text;
      if (!Array.isArray(domains)) {
        log.warn({ path }, `${path} is not used (${domains.problem}): remove it; exporters send their templates again by themselves`);
        return 0;
      }
      let restored = 0;
      for (const saved of domains) {
        if (!(Math.abs(now() - saved.lastSeenMs) <= maxAgeMs)) continue;
        const domain = store.restore(saved.owner, saved.lastSeenMs, saved.templates);
        if (domain === undefined) continue;
        restoreOptions(domain, saved);
        restored++;
      }
      if (restored > 0)
        log.info({ path, domains: restored }, 'templates restored; they count as such until their exporters send them again');
      return restored;
    },
    async start() {
      timer = setInterval(() => void saveInTurn(), intervalMs);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      await saveInTurn();
    },
  };
}

/** What options records told. It has no mark of its own: exporters send it beside their templates, and what they send goes over it. */
function restoreOptions(domain: KnownDomain, saved: DomainToRestore): void {
  domain.systemInitMs = saved.systemInitMs;
  for (const [sampler, interval] of saved.sampling) domain.sampling.set(sampler, interval);
  for (const [sequence, selectors] of saved.sequences) domain.sampling.setSequence(sequence, selectors);
  for (const [id, name] of saved.interfaceNames) domain.interfaceNames.set(id, name);
  for (const [id, name] of saved.vrfNames) domain.vrfNames.set(id, name);
  for (const [id, name] of saved.applicationNames) domain.applicationNames.set(id, name);
}

interface Unusable {
  readonly problem: string;
}

/** Undefined where there is no file. */
async function readBounded(path: string, maxOctets: number): Promise<string | Unusable | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      return size > maxOctets ? { problem: `it has ${size} octets, more than ${maxOctets}` } : await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : { problem: `it cannot be read, ${code}` };
  }
}

/** Domains of UDP exporters, those heard last first. Templates of TCP and TLS end with their session (RFC 7011 §8.1). */
function templateFile(store: TemplateStore, maxOctets: number): string {
  const domains = [...store.domains()].filter(({ owner, lastSeenMs }) => owner.transport === 'udp' && !Number.isNaN(lastSeenMs));
  domains.sort((a, b) => b.lastSeenMs - a.lastSeenMs);
  const lines: string[] = [];
  let octets = 512; // the first and the last line
  for (const domain of domains) {
    const line = `${JSON.stringify(saveDomain(domain) satisfies SavedDomain)}\n`;
    octets += line.length;
    if (octets > maxOctets) break;
    lines.push(line);
  }
  const body = `${JSON.stringify({ cordon: 'templates', version: VERSION, domains: lines.length })}\n${lines.join('')}`;
  return `${body}${JSON.stringify({ sha256: sha256(body) })}\n`;
}

function parseTemplateFile(text: string): DomainToRestore[] | Unusable {
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  const body = text.slice(0, end);
  if (end === 0 || text.slice(end) !== `${JSON.stringify({ sha256: sha256(body) })}\n`) {
    return { problem: 'it is cut off or was changed: its checksum is wrong' };
  }
  // A checksum is no signature: whoever can write the file can make a right one.
  try {
    return readDomains(
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    );
  } catch {
    return { problem: 'it is no JSON' };
  }
}

function readDomains([head, ...lines]: readonly unknown[]): DomainToRestore[] | Unusable {
  const version = (head as { version?: unknown } | null | undefined)?.version;
  if (version !== VERSION) return { problem: `it has version ${JSON.stringify(version)}, this program reads ${VERSION}` };
  const domains: DomainToRestore[] = [];
  for (const [index, line] of lines.entries()) {
    const domain = readSavedDomain(line);
    if (domain === undefined) return { problem: `line ${index + 2} is no observation domain` };
    domains.push(domain);
  }
  return domains;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
