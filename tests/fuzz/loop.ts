import { mutateBytes, mutatePayloads, mutateText } from './mutate.js';
import { Random } from './random.js';
import type { Behaviour, FuzzTarget } from './target.js';

/** Inputs kept because they did something new, the seeds apart. */
const MAX_KEPT = 2000;
/** Retained memory is looked at after this many inputs. */
const MEMORY_EVERY = 2048;
/** What a target may keep beyond what it kept after its first inputs: the bounds of caches, tables and ledgers together. */
const MAX_GROWTH_OCTETS = 192 << 20;
/** One input's allowance of processor time: so much, and so much an octet. Generous, since other programs take turns. */
const ALLOWANCE_MS = 250;
const ALLOWANCE_MS_PER_OCTET = 0.02;

export interface Progress {
  inputs: number;
  behaviours: number;
  kept: number;
  slowestMs: number;
}

export interface LoopOptions {
  readonly seed: number;
  /** Asked before each input. */
  readonly goOn: (progress: Progress) => boolean;
  /** Told of each input before it is run, so that one that never returns is known. */
  readonly beginning?: (input: readonly Uint8Array[]) => void;
}

/** An input that broke a rule, and how. */
export interface Crash {
  readonly input: readonly Uint8Array[];
  readonly reason: string;
}

/**
 * Mutates inputs that showed new behaviour, and runs them, until told to stop or until one breaks a rule. The behaviour (faults, rows, what was
 * counted, by order of magnitude) guides it where coverage-guided fuzzers count branches: it costs nothing, and a decoder that counts
 * everything tells by its counters which path it took.
 */
export async function fuzz(target: FuzzTarget, options: LoopOptions): Promise<Progress & { crash?: Crash }> {
  const random = new Random(options.seed);
  const seen = new Set<Behaviour>();
  const corpus: (readonly Uint8Array[])[] = [...target.seeds];
  const progress: Progress = { inputs: 0, behaviours: 0, kept: 0, slowestMs: 0 };
  let retained = Number.NaN;

  for (let next = 0; options.goOn(progress); next++) {
    const input = next < target.seeds.length ? target.seeds[next]! : mutated(random, target, corpus);
    options.beginning?.(input);
    const outcome = await tryInput(target, input);
    progress.inputs++;
    if ('reason' in outcome) return { ...progress, crash: { input, reason: outcome.reason } };
    progress.slowestMs = Math.max(progress.slowestMs, outcome.ms);
    if (!seen.has(outcome.behaviour)) {
      seen.add(outcome.behaviour);
      progress.behaviours = seen.size;
      if (next >= target.seeds.length) {
        const kept = corpus.length - target.seeds.length;
        if (kept < MAX_KEPT) corpus.push(input);
        else corpus[target.seeds.length + random.below(MAX_KEPT)] = input;
        progress.kept = corpus.length - target.seeds.length;
      }
    }
    if (progress.inputs % MEMORY_EVERY === 0) {
      const now = retainedOctets();
      if (Number.isNaN(retained)) retained = now;
      if (now > retained + MAX_GROWTH_OCTETS) {
        return { ...progress, crash: { input, reason: `memory grew by ${(now - retained) >> 20} MiB over ${progress.inputs} inputs` } };
      }
    }
  }
  return progress;
}

function mutated(random: Random, target: FuzzTarget, corpus: readonly (readonly Uint8Array[])[]): readonly Uint8Array[] {
  const base = random.pick(corpus);
  if (target.kind === 'bytes' && base.length > 1) return mutatePayloads(random, base, corpus);
  const change = target.kind === 'text' ? mutateText : mutateBytes;
  let bytes = base[0] ?? new Uint8Array(0);
  for (let rounds = 1 + random.below(6); rounds > 0; rounds--) bytes = change(random, bytes, random.pick(corpus)[0] ?? bytes);
  return [bytes, ...base.slice(1)];
}

/** Slow inputs are run again before they are believed: another program may have had the processor. */
async function tryInput(
  target: FuzzTarget,
  input: readonly Uint8Array[],
): Promise<{ behaviour: Behaviour; ms: number } | { reason: string }> {
  const octets = input.reduce((sum, payload) => sum + payload.length, 0);
  const allowedMs = ALLOWANCE_MS + octets * ALLOWANCE_MS_PER_OCTET;
  let ms = 0;
  let behaviour = '';
  for (let attempt = 0; attempt < 3; attempt++) {
    const before = process.cpuUsage();
    try {
      behaviour = await target.run(input);
    } catch (error) {
      return { reason: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error) };
    }
    const { user, system } = process.cpuUsage(before);
    ms = (user + system) / 1000;
    if (ms <= allowedMs) return { behaviour, ms };
  }
  return { reason: `${ms.toFixed(0)} ms of processor time for ${octets} octets, three times` };
}

function retainedOctets(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
