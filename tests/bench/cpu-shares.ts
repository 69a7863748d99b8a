import { Session } from 'node:inspector/promises';

/** Between two samples of the main thread. */
const SAMPLE_MICROSECONDS = 1000;
const FUNCTIONS_SHOWN = 25;

/** Runs `work` under V8's sampling profiler and prints the main thread's time by part of the source tree, and its hottest functions. */
export async function profiled(work: () => Promise<void>): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();

  const selfOf = new Map<number, number>();
  profile.samples?.forEach((id, index) => void selfOf.set(id, (selfOf.get(id) ?? 0) + (profile.timeDeltas?.[index] ?? 0)));
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let total = 0;
  for (const { id, callFrame } of profile.nodes) {
    const self = selfOf.get(id) ?? 0;
    if (callFrame.functionName === '(idle)') continue;
    total += self;
    const file = callFrame.url.replace(/^file:\/\/.*?\/(?=(?:flow|collector|detector|cli|tests|node_modules)\/)/, '');
    const part =
      callFrame.url === '' ? callFrame.functionName || 'V8' : file.startsWith('node:') ? 'Node' : file.split('/').slice(0, 2).join('/');
    parts.set(part, (parts.get(part) ?? 0) + self);
    const name = `${callFrame.functionName || '(anonymous)'} ${file}:${callFrame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + self);
  }
  show('by part', parts, total, FUNCTIONS_SHOWN);
  show('by function', functions, total, FUNCTIONS_SHOWN);
}

function show(title: string, times: ReadonlyMap<string, number>, total: number, most: number): void {
  process.stdout.write(`main thread ${title} (${(total / 1e6).toFixed(1)} s busy)\n`);
  for (const [name, self] of [...times].sort((a, b) => b[1] - a[1]).slice(0, most))
    process.stdout.write(`  ${((100 * self) / total).toFixed(1).padStart(5)} %  ${name}\n`);
}
