import type { Config } from '../../flow/service/config.js';
import { formatDuration } from '../../flow/time.js';
import { formatCount } from '../render/text.js';
import { isAlive, type ProcessStatus, readProcessFiles } from '../wiring/process-status.js';
import { type Check, note, ok, unknown, wrong } from './check.js';

const SECTION = 'processes';
const ASK_TIMEOUT_MS = 3000;
/** A status of a thousand exporters has half a megabyte. */
const MAX_STATUS_OCTETS = 16 << 20;
/** Frames that may wait before it is told: some seconds of a busy site. */
const LAG_FRAMES = 100;

export interface Processes {
  readonly checks: readonly Check[];
  readonly running: readonly ProcessStatus[];
}

/** Asks every process that is known: by the files in the data folder, at the configured metrics port, and where the user says. */
export async function examineProcesses({ data, metrics }: Config, named: readonly string[]): Promise<Processes> {
  const checks: Check[] = [];
  const running = new Map<string, ProcessStatus>();
  const keep = (status: ProcessStatus): void => void running.set(`${status.role} ${status.pid} ${status.startedMs}`, status);
  for (const { role, pid, url } of readProcessFiles(data)) {
    const status = await ask(url);
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
  for (const url of usual) {
    const status = await ask(url);
    if (status !== undefined) keep(status);
  }
  for (const url of named) {
    const status = await ask(url);
    if (status !== undefined) keep(status);
    else checks.push(wrong(SECTION, url, 'no Cordon process answers there', 'write http://host:port of its metrics (metrics.port)'));
  }
  const found = [...running.values()].sort((a, b) => (a.role < b.role ? -1 : a.role > b.role ? 1 : a.pid - b.pid));
  checks.push(...found.flatMap(examineProcess));
  if (found.length === 0 && checks.length === 0) {
    checks.push(
      unknown(
        SECTION,
        'none',
        `no Cordon process answers (looked in ${data}${usual.map((url) => ` and at ${url}`).join('')})`,
        'start cordon run, or name where its metrics are with --status http://host:port',
      ),
    );
  }
  return { checks, running: found };
}

function examineProcess({ role, pid, version, startedMs, nowMs, ready, detector, store }: ProcessStatus): Check[] {
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

/** Undefined when nobody of ours answers. */
async function ask(url: string): Promise<ProcessStatus | undefined> {
  try {
    const response = await fetch(new URL('/status', url), { signal: AbortSignal.timeout(ASK_TIMEOUT_MS), redirect: 'error' });
    if (!response.ok || Number(response.headers.get('content-length') ?? 0) > MAX_STATUS_OCTETS) return undefined;
    const status = (await response.json()) as Partial<ProcessStatus> | null;
    return typeof status?.role === 'string' && typeof status.pid === 'number' ? (status as ProcessStatus) : undefined;
  } catch {
    return undefined;
  }
}

/** An address to ask at: who listens on all addresses answers on loopback. */
function reachable(host: string): string {
  const address = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return address.includes(':') ? `[${address}]` : address;
}
