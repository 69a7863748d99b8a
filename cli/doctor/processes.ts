import type { BufferStatus } from '../../collector/outputs/buffer/disk-buffer.js';
import type { Config } from '../../flow/service/config.js';
import { formatDuration } from '../../flow/time.js';
import { formatCount, formatOctets } from '../render/text.js';
import { isAlive, type ProcessStatus, ROLES, readProcessFiles } from '../wiring/process-status.js';
import { type Check, note, ok, unknown, wrong } from './check.js';

const SECTION = 'processes';
const ASK_TIMEOUT_MS = 3000;
/** A status of a thousand exporters has half a megabyte. */
const MAX_STATUS_OCTETS = 16 << 20;
/** Frames that may wait before it is told: some seconds of a busy site. */
const LAG_FRAMES = 100;
/** Fill of the disk buffer from where on it is told. */
const FULL_SHARE = 0.8;
/** Processes asked behind a dispatcher. */
const MAX_MEMBERS = 64;

export interface Processes {
  readonly checks: readonly Check[];
  readonly running: readonly ProcessStatus[];
}

/** Asks every process that is known: by the files in the data folder, at the configured metrics port, and where the user says. */
export async function examineProcesses({ data, metrics, kafka }: Config, named: readonly string[]): Promise<Processes> {
  const checks: Check[] = [];
  const running = new Map<string, ProcessStatus>();
  const keep = (status: ProcessStatus): void => void running.set(`${status.role} ${status.pid} ${status.startedMs}`, status);
  for (const { role, pid, url } of readProcessFiles(data)) {
    const status = processOf(await ask(url));
    if (status !== undefined && status.pid === pid) keep(status);
    else if (isAlive(pid) && status === undefined)
      checks.push(
        wrong(SECTION, `${role} ${pid}`, `does not answer at ${url}`, 'it hangs, or is starting: look at its log, and restart it'),
      );
    else
      checks.push(
        wrong(SECTION, `${role} ${pid}`, 'ended without saying so: it was killed, or the machine was', `start cordon ${role} again`),
      );
  }
  const usual = metrics.port === 0 ? [] : [`http://${reachable(metrics.host)}:${metrics.port}`];
  for (const url of [...usual, ...named]) {
    const found = await askAll(url);
    for (const status of found.running) keep(status);
    checks.push(...found.checks);
    if (found.running.length === 0 && found.checks.length === 0 && named.includes(url))
      checks.push(wrong(SECTION, url, 'no Cordon process answers there', 'write http://host:port of its metrics (metrics.port)'));
  }
  const found = [...running.values()].sort((a, b) => (a.role < b.role ? -1 : a.role > b.role ? 1 : a.pid - b.pid));
  checks.push(...found.flatMap(examineProcess));
  if (found.length === 0 && checks.length === 0) {
    checks.push(
      unknown(
        SECTION,
        'none',
        `no Cordon process answers (looked in ${data}${usual.map((url) => ` and at ${url}`).join('')})`,
        `start cordon ${kafka.brokers.length > 0 ? 'collect, detect and store' : 'run'}, or say where they serve their metrics with --status http://host:port`,
      ),
    );
  }
  return { checks, running: found };
}

/** The process at a URL; behind a dispatcher (collector.processes), those that collect for it. */
async function askAll(url: string): Promise<Processes> {
  const answer = await ask(url);
  const single = processOf(answer);
  if (single !== undefined) return { checks: [], running: [single] };
  const members = (answer as { members?: unknown } | undefined)?.members;
  if (!Array.isArray(members)) return { checks: [], running: [] };
  const running: ProcessStatus[] = [];
  const checks: Check[] = [];
  for (const member of members.slice(0, MAX_MEMBERS) as readonly unknown[]) {
    const { pid, url: at, restarts } = (member ?? {}) as { pid?: unknown; url?: unknown; restarts?: unknown };
    const status = typeof at === 'string' && URL.canParse(at) ? processOf(await ask(at)) : undefined;
    if (status !== undefined) running.push(status);
    else checks.push(wrong(SECTION, `collect ${String(pid)}`, 'does not answer', 'the dispatcher starts it again; look at its log'));
    if (typeof restarts === 'number' && restarts > 0)
      checks.push(
        wrong(
          SECTION,
          `collect ${String(pid)}`,
          `died and was started again ${formatCount(restarts)} times`,
          'look at its log for why; those minutes have no coverage',
        ),
      );
  }
  return { checks, running };
}

function examineProcess({ role, pid, version, startedMs, nowMs, ready, detector, store, buffer, claims }: ProcessStatus): Check[] {
  const name = `${role} ${pid}`;
  const checks: Check[] = [];
  const upFor = `version ${version}, up for ${formatDuration(nowMs - startedMs)}`;
  if (ready) checks.push(ok(SECTION, name, upFor));
  else checks.push(note(SECTION, name, `${upFor}, still starting`, 'wait, then look at its log'));
  if (store !== undefined && store.problem !== '') {
    checks.push(
      wrong(
        SECTION,
        name,
        `the database takes no rows: ${store.problem}`,
        'see database below; nothing is lost as long as the bus keeps it',
      ),
    );
  }
  if (buffer !== undefined) checks.push(...examineBuffer(name, buffer));
  for (const { file, problems, more, sinceMs } of claims?.rejected ?? []) {
    checks.push(
      wrong(
        SECTION,
        name,
        `${file} was changed ${formatDuration(nowMs - sinceMs)} ago and is refused, the claims before stay in force: ${problems[0]}${problems.length + more > 1 ? ` (and ${problems.length + more - 1} more)` : ''}`,
        'see cordon claims lint; the file is taken as soon as it is right',
      ),
    );
  }
  const stuck = Object.entries(store?.topics ?? {}).filter(([, { quarantined }]) => quarantined > 0);
  if (stuck.length > 0) {
    const frames = stuck.map(([topic, { quarantined }]) => `${formatCount(quarantined)} of ${topic}`).join(', ');
    checks.push(
      wrong(
        SECTION,
        name,
        `frames that the database refuses: ${frames}`,
        'they are on the topic quarantine; run the same version everywhere',
      ),
    );
  }
  for (const [what, lag] of [
    ['judged', detector?.lag],
    ['stored', store?.lag],
  ] as const) {
    if (typeof lag === 'number' && lag > LAG_FRAMES)
      checks.push(
        wrong(
          SECTION,
          name,
          `${formatCount(lag)} frames are not ${what} yet`,
          'start another process of this role, or give it more of the machine',
        ),
      );
  }
  return checks;
}

function examineBuffer(name: string, buffer: BufferStatus): Check[] {
  const checks: Check[] = [];
  const share = buffer.diskOctets / Math.max(1, buffer.maxOctets);
  const fill = `${formatOctets(buffer.diskOctets)} of ${formatOctets(buffer.maxOctets)} in ${buffer.folder}`;
  const waiting = `${formatCount(buffer.frames)} frames wait, the oldest for ${formatDuration(buffer.oldestMs)}`;
  if (!buffer.connected)
    checks.push(
      wrong(SECTION, name, `no broker is connected; ${waiting} (${fill})`, 'see kafka below; frames are kept and sent when it is back'),
    );
  else if (share > FULL_SHARE)
    checks.push(
      wrong(SECTION, name, `the disk buffer is almost full: ${fill}`, 'see whether Kafka is slow; raise collector.buffer.maxBytes'),
    );
  else checks.push(ok(SECTION, name, `disk buffer ${fill}; ${waiting}`));
  if (buffer.damagedRecords > 0 || buffer.writeFailures > 0)
    checks.push(
      wrong(
        SECTION,
        name,
        `the disk gave ${formatCount(buffer.damagedRecords)} frames back damaged and refused ${formatCount(buffer.writeFailures)} writes`,
        'see whether the disk is full or failing (dmesg, smartctl)',
      ),
    );
  return checks;
}

function processOf(answer: unknown): ProcessStatus | undefined {
  const status = (answer ?? {}) as Partial<ProcessStatus>;
  return ROLES.some((role) => role === status.role) && typeof status.pid === 'number' ? (status as ProcessStatus) : undefined;
}

/** The answer of `/status`; undefined when nobody answers, or no JSON. */
async function ask(url: string): Promise<unknown> {
  try {
    const response = await fetch(new URL('/status', url), { signal: AbortSignal.timeout(ASK_TIMEOUT_MS), redirect: 'error' });
    if (!response.ok || Number(response.headers.get('content-length') ?? 0) > MAX_STATUS_OCTETS) return undefined;
    return await response.json();
  } catch {
    return undefined;
  }
}

/** An address to ask at: who listens on all addresses answers on loopback. */
function reachable(host: string): string {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return address.includes(':') ? `[${address}]` : address;
}
