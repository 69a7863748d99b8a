import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/*
 * What the programs of this folder share: each prints text for people, and, when main.ts has started it, its figures as lines
 *
 *   @figure {"name":"decode IPFIX","value":5600000,"unit":"records/s","target":5000000,"peakMiB":95.1,"peakBelowMB":250}
 */

const MARK = '@figure ';
/** Set by main.ts for the programs it starts. */
export const REPORT_VARIABLE = 'CORDON_BENCH_REPORT';

/** One line of the table. */
export interface Figure {
  readonly name: string;
  /** Undefined where it could not be measured; `note` then says why. */
  readonly value?: number;
  readonly unit: string;
  /** The issue asks for at least this value. */
  readonly target?: number;
  /** Peak resident memory of the process that did the work; null where that is another program's. */
  readonly peakMiB?: number | null | undefined;
  /** The issue asks for a peak below this many MB (10^6 octets). */
  readonly peakBelowMB?: number;
  readonly note?: string;
}

/** Peaks that the issue allows: a process with the embedded ClickHouse, and one without. */
export const MEMORY_MB = { withChdb: 700, without: 250 } as const;

/** Tells main.ts a figure, with this process's peak memory unless it names another's. Prints nothing when the program runs by itself. */
export function report(figure: Figure): void {
  if (process.env[REPORT_VARIABLE] === undefined) return;
  process.stdout.write(`${MARK}${JSON.stringify({ peakMiB: peakMiB(), ...figure })}\n`);
}

/** The figure in a line of a program's output; undefined for text. */
export function figureIn(line: string): Figure | undefined {
  return line.startsWith(MARK) ? (JSON.parse(line.slice(MARK.length)) as Figure) : undefined;
}

/** Peak resident memory of a process (this one by default) from Linux; elsewhere what Node knows of itself, undefined for other or ended processes. */
export function peakMiB(pid: number | 'self' = 'self'): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) / 1024;
  } catch {
    // not Linux, or gone
  }
  return pid === 'self' ? process.resourceUsage().maxRSS / 1024 : undefined;
}

/** Processor seconds that a process (pid) or one thread of it (pid/task/tid) has used, from Linux (proc(5), stat: utime, stime); undefined elsewhere. */
export function processorSeconds(which: number | string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${which}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_A_SECOND;
  } catch {
    return undefined;
  }
}

/** sysconf(_SC_CLK_TCK): 100 on every Linux that Node runs on. */
const CLOCK_TICKS_A_SECOND = 100;

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly kernel: string;
  readonly loadAverage: number;
  /** Cores that others used in the second before the first program. */
  readonly busyCores: number;
}

export async function describeMachine(): Promise<Machine> {
  const before = cpuTimes();
  await sleep(1000);
  const after = cpuTimes();
  const busyCores = ((after.busy - before.busy) / (after.all - before.all)) * cpus().length;
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    kernel: release(),
    loadAverage: loadavg()[0]!,
    busyCores: Number(busyCores.toFixed(2)),
  };
}

function cpuTimes(): { busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    busy += times.user + times.nice + times.sys + times.irq;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy, all };
}
