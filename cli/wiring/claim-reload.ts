import { statSync } from 'node:fs';
import type { CompiledClaims } from '../../detector/claims/compiled.js';
import { loadClaims, readClaimFiles } from '../../detector/claims/load.js';
import { ClaimsError } from '../../detector/claims/problem.js';
import { type ClaimVersion, claimVersion } from '../../detector/engine/claim-version.js';
import type { Lifecycle } from '../../flow/service/lifecycle.js';
import type { Log } from '../../flow/service/log.js';
import { formatTime, MINUTE_MS, minuteOf } from '../../flow/time.js';
import type { WatchHistory } from '../../flow/watch-list.js';
import { UsageError } from '../errors.js';
import { ClaimHistory } from './claim-history.js';
import { type ClaimSets, type ClaimSource, watchHistory } from './claim-sets.js';
import { refuseSharing } from './shared-assets.js';

/** Claim files are looked at this often. */
export const LOOK_EVERY_MS = 2000;
/** Versions of one claim set that are judged and can be judged again; older ones stay in the archive. */
const MAX_VERSIONS = 100;
/** Problems of a wrong file that are told; `cordon claims lint` tells all. */
const TOLD_PROBLEMS = 5;
/** A record that begins this far ahead of our clock comes from a clock that is wrong: it must not put a change off. */
const AHEAD_MS = MINUTE_MS;

/** A claim file, or its approvals, that was changed and cannot be loaded: what was in force before stays in force. */
export interface RejectedClaims {
  readonly file: string;
  readonly sinceMs: number;
  /** The first problems. */
  readonly problems: readonly string[];
  readonly more: number;
}

/** Part of `/status`. */
export interface ClaimsStatus {
  readonly rejected: readonly RejectedClaims[];
  /** The newest version of each claim set; `fromMs` null: always. */
  readonly inForce: readonly {
    readonly id: string;
    readonly file: string;
    readonly hash: string;
    readonly fromMs: number | null;
  }[];
}

/** The claims of a process: what is judged at which time. */
export interface ClaimsInForce {
  /** Versions of every claim set, in force, past and to come; a changed list is a new array. */
  versions(): readonly ClaimVersion[];
  /** The newest version of every claim set. */
  sets(): readonly CompiledClaims[];
  watched(): WatchHistory;
  status(): ClaimsStatus;
  /** Looks at the files; `settled` takes a change only once a second look finds it the same, since files are not written at once. */
  look(settled: boolean): void;
}

export interface ClaimsOptions {
  readonly sources: readonly ClaimSource[];
  /** As loaded when the process started. */
  readonly loaded: ClaimSets;
  /** Folder whose `claims` holds the history. */
  readonly data: string;
  readonly log: Log;
  readonly now: () => number;
  /** Start of the newest record that was taken in, ms since the epoch; −Infinity when there is none. */
  readonly newestStartMs: () => number;
  /**
   * Other processes judge, collect or store by the same claims. Those with one data folder take over what the first of them decides; on several hosts
   * only a change dated ahead takes effect at one time.
   */
  readonly shared?: boolean;
}

interface Followed {
  readonly source: ClaimSource;
  readonly id: string;
  /** What the file looked like when it was loaded, or refused, last; undefined: it is to be loaded with the next look. */
  taken: string | undefined;
  /** What it looked like with the last look. */
  seen: string;
  versions: readonly ClaimVersion[];
  rejected: RejectedClaims | undefined;
}

/** Opens the history of the claims, writes into it what is in force from now on, and follows the files. Throws the file system's errors. */
export function openClaims(options: ClaimsOptions): ClaimsInForce {
  const { loaded, log, now } = options;
  const history = new ClaimHistory(options.data);
  const fresh = history.isEmpty;
  const compiled = new Map(loaded.sets.map((claims) => [claims.hash, claims]));

  const archived = (hash: string, like: ClaimSource): CompiledClaims | undefined => {
    const known = compiled.get(hash);
    if (known !== undefined) return known;
    const claims = fromArchive(history, hash, like);
    if (typeof claims === 'string') log.warn({ file: like.file, hash, reason: claims }, 'claims of the past cannot be loaded');
    else compiled.set(hash, claims);
    return typeof claims === 'string' ? undefined : claims;
  };

  const versionsOf = ({ source, id }: Pick<Followed, 'source' | 'id'>): ClaimVersion[] =>
    history
      .of(id)
      .slice(-MAX_VERSIONS)
      .flatMap(({ hash, fromMs, untilMs }) => {
        const claims = archived(hash, source);
        return claims === undefined ? [] : [claimVersion(claims, fromMs, untilMs)];
      });

  const activate = (source: ClaimSource, claims: CompiledClaims, fromMs: number): void => {
    const { files, approvals } = readClaimFiles(source.file, source.approvals);
    compiled.set(claims.hash, claims);
    history.add({ id: claims.id, hash: claims.hash, fromMs, writtenMs: now(), file: source.file }, { claims: files[0]!, approvals });
  };

  const open = (source: ClaimSource, claims: CompiledClaims): Followed => {
    const { id } = claims;
    const look = appearance(source);
    const begun = history.of(id);
    const last = begun.at(-1);
    // What was in force when the process stopped judges what was received until now; a file changed since is taken up by the first look.
    const goesOn = last !== undefined && archived(last.hash, source) !== undefined;
    if (!goesOn) activate(source, claims, fresh || last !== undefined ? Number.NEGATIVE_INFINITY : nextMinute(now()));
    const changed = goesOn && last.hash !== claims.hash;
    return { source, id, taken: changed ? undefined : look, seen: look, versions: versionsOf({ source, id }), rejected: undefined };
  };

  const all = loaded.sets.map((claims, index) => open(options.sources[index]!, claims));
  let versions: readonly ClaimVersion[] = [];
  let sets: readonly CompiledClaims[] = [];
  let watched: WatchHistory;
  const publish = (): void => {
    versions = all.flatMap((one) => one.versions);
    sets = all.map((one) => one.versions.at(-1)!.claims);
    watched = watchHistory(versions);
  };
  publish();

  const reject = (one: Followed, error: unknown): void => {
    const problems = error instanceof ClaimsError ? error.message.split('\n') : [String(error instanceof Error ? error.message : error)];
    const told = problems.slice(0, TOLD_PROBLEMS);
    const more = problems.length - told.length;
    const { file } = one.source;
    one.rejected = { file, sinceMs: now(), problems: told, more };
    log.error({ file, problems: told, more }, 'the changed claim file is refused: the claims before stay in force');
  };

  /** Loads a changed file; undefined when it is refused or says the same as before. */
  const candidate = (one: Followed): CompiledClaims | undefined => {
    try {
      const { claims } = loadClaims(one.source.file, one.source.approvals, one.source.lookup);
      if (claims.id !== one.id) throw new UsageError(`the id was '${one.id}' and is '${claims.id}'; a new id is a new claim set: restart`);
      const others = all.map((other) => (other === one ? claims : other.versions.at(-1)!.claims));
      refuseSharing(others, options.sources);
      one.rejected = undefined;
      return claims.hash === one.versions.at(-1)!.claims.hash ? undefined : claims;
    } catch (error) {
      reject(one, error);
      return undefined;
    }
  };

  const take = (one: Followed, newestMs: number): boolean => {
    const claims = candidate(one);
    if (claims === undefined) return false;
    const before = one.versions.at(-1)!.claims.hash;
    history.refresh();
    const decided = history.of(one.id).at(-1);
    if (decided?.hash === claims.hash && decided.fromMs > newestMs) {
      compiled.set(claims.hash, claims);
      one.versions = versionsOf(one);
      log.info({ file: one.source.file, from: formatTime(decided.fromMs), hash: claims.hash, before }, 'changed claims take effect');
      return true;
    }
    const dated = claims.effectiveFromMs > newestMs;
    const fromMs = dated ? claims.effectiveFromMs : nextMinute(newestMs);
    try {
      activate(one.source, claims, fromMs);
    } catch (error) {
      reject(one, error);
      return false;
    }
    one.versions = versionsOf(one);
    log.info({ file: one.source.file, from: formatTime(fromMs), hash: claims.hash, before }, 'changed claims take effect');
    if (options.shared === true && !dated)
      log.warn(
        { file: one.source.file },
        'each process chooses its own time for this change; write effective.from ahead of it and give every host the same file',
      );
    return true;
  };

  return {
    versions: () => versions,
    sets: () => sets,
    watched: () => watched,
    status: () => ({
      rejected: all.flatMap(({ rejected }) => rejected ?? []),
      inForce: all.map(({ id, source, versions: list }) => {
        const { claims, fromMs } = list.at(-1)!;
        return { id, file: source.file, hash: claims.hash, fromMs: Number.isFinite(fromMs) ? fromMs : null };
      }),
    }),
    look(settled) {
      const known = options.newestStartMs();
      const newestMs = known === Number.NEGATIVE_INFINITY ? now() : Math.min(known, now() + AHEAD_MS);
      let changed = false;
      for (const one of all) {
        const look = appearance(one.source);
        const steady = look === one.seen || !settled;
        one.seen = look;
        if (look === one.taken || !steady) continue;
        one.taken = look;
        changed = take(one, newestMs) || changed;
      }
      if (changed) publish();
    },
  };
}

/** Calls `look` with SIGHUP, as service managers reload with; answers how to end that. On a terminal the signal means that it was closed, and ends us. */
export function onReloadSignal(look: () => void): () => void {
  if (process.stdin.isTTY) return () => undefined;
  process.on('SIGHUP', look);
  return () => void process.off('SIGHUP', look);
}

/** Looks at the claim files every few seconds until the lifecycle stops, and at once when it is told to. */
export async function followClaims(claims: ClaimsInForce, log: Log, lifecycle: Lifecycle): Promise<void> {
  const look = (settled: boolean): void => {
    try {
      claims.look(settled);
    } catch (error) {
      log.error({ error: String(error) }, 'the claim files could not be looked at');
    }
  };
  let timer: NodeJS.Timeout | undefined;
  let ignoreSignal = (): void => undefined;
  await lifecycle.start({
    name: 'claim files',
    async start() {
      ignoreSignal = onReloadSignal(() => look(false));
      timer = setInterval(look, LOOK_EVERY_MS, true);
    },
    async stop() {
      ignoreSignal();
      clearInterval(timer);
    },
  });
}

/**
 * Every version of a claim set that this data folder knows, for verdicts of the past; only `claims` itself where the folder does not know it, as when
 * somebody judges what is stored by a file that never was in force. `tell` gets a sentence for each version that cannot be loaded any more.
 */
export function versionsKnown(data: string, claims: CompiledClaims, source: ClaimSource, tell: (sentence: string) => void): ClaimVersion[] {
  const history = new ClaimHistory(data);
  const begun = history.of(claims.id);
  if (!begun.some(({ hash }) => hash === claims.hash)) return [claimVersion(claims)];
  return begun.flatMap(({ hash, fromMs, untilMs }) => {
    const then = hash === claims.hash ? claims : fromArchive(history, hash, source);
    if (typeof then !== 'string') return [claimVersion(then, fromMs, untilMs)];
    tell(`the claims '${claims.id}' ${hash.slice(0, 12)}, in force until ${formatTime(untilMs)}, give no verdict: ${then}`);
    return [];
  });
}

/** The claims of a hash, compiled anew from the archive, or why they cannot be. */
function fromArchive(history: ClaimHistory, hash: string, { lookup }: ClaimSource): CompiledClaims | string {
  const files = history.archived(hash);
  if (files === undefined) return 'their text is not in the archive';
  try {
    const { claims } = loadClaims(files.file, files.approvals, lookup);
    return claims.hash === hash ? claims : 'what they draw on (location data, drill key) has changed since';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The full minute after `ms`: always later than it. */
function nextMinute(ms: number): number {
  return minuteOf(ms) + MINUTE_MS;
}

/** Changes when one of the files is written or replaced; a file that is missing looks like that. */
function appearance({ file, approvals, lookup }: ClaimSource): string {
  const paths = [file, approvals, lookup?.country, lookup?.asn, lookup?.drillKey];
  return paths.map((path) => (path === undefined ? '' : appearanceOf(path))).join(' ');
}

function appearanceOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino}.${size}.${mtimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
