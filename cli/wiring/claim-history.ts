import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedText } from '../../detector/claims/load.js';
import { syncFolderSync, writeFileSynced } from '../../flow/service/synced.js';
import { formatTime, parseInstant } from '../../flow/time.js';

/*
 * Which claims were in force when, for the detector after a restart, for verdicts of past periods, and for auditors:
 *   <data>/claims/activations.jsonl           one line for each change, in the order in which they were made:
 *                                             {"id", "hash", "from" (record time; null: always), "written" (clock of this machine), "file"}
 *   <data>/claims/<hash>/claims.yaml          the file as it was, and the approvals that it was loaded with
 *   <data>/claims/<hash>/approvals.jsonl
 * A change is on disk before it takes effect. A line ends all that began, or would have begun, at its time or later.
 */

/** One change of one claim set. */
export interface Activation {
  readonly id: string;
  readonly hash: string;
  /** Record time, ms since the epoch; −Infinity: always. */
  readonly fromMs: number;
  readonly writtenMs: number;
  /** Path of the claim file, for people. */
  readonly file: string;
}

export interface ClaimTexts {
  readonly claims: NamedText;
  readonly approvals: NamedText | undefined;
}

/** Stretch of record time during which one hash was in force. */
export interface InForce {
  readonly hash: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

const ACTIVATIONS = 'activations.jsonl';
const CLAIMS = 'claims.yaml';
const APPROVALS = 'approvals.jsonl';

export class ClaimHistory {
  private readonly folder: string;
  private all: readonly Activation[] = [];
  private readOctets = -1;

  /** Reads what is there; a line that a crash cut short never took effect. */
  constructor(data: string) {
    this.folder = join(data, 'claims');
    this.refresh();
  }

  /** Reads what other processes have written into the same folder; true when there was something. */
  refresh(): boolean {
    const path = join(this.folder, ACTIVATIONS);
    const octets = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (octets === this.readOctets) return false;
    this.readOctets = octets;
    this.all = octets === 0 ? [] : readActivations(path);
    return true;
  }

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /** The stretches of a claim set, oldest first; the last has no end. */
  of(id: string): InForce[] {
    const begun: Activation[] = [];
    for (const activation of this.all) {
      if (activation.id !== id) continue;
      while (begun.length > 0 && begun[begun.length - 1]!.fromMs >= activation.fromMs) begun.pop();
      begun.push(activation);
    }
    return begun.map(({ hash, fromMs }, index) => ({ hash, fromMs, untilMs: begun[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY }));
  }

  /** Paths of the archived file and its approvals; undefined when it is not there. */
  archived(hash: string): { readonly file: string; readonly approvals: string | undefined } | undefined {
    const folder = join(this.folder, hash);
    const [file, approvals] = [join(folder, CLAIMS), join(folder, APPROVALS)];
    return existsSync(file) ? { file, approvals: existsSync(approvals) ? approvals : undefined } : undefined;
  }

  /** Keeps the texts, then writes the line; both are on disk when it returns. Throws the file system's error, and then nothing has changed. */
  add(activation: Activation, texts: ClaimTexts): void {
    mkdirSync(this.folder, { recursive: true });
    if (this.archived(activation.hash) === undefined) this.archive(activation.hash, texts);
    appendLine(join(this.folder, ACTIVATIONS), lineOf(activation));
    syncFolderSync(this.folder);
    this.refresh();
  }

  /**
   * Other processes of the same data folder archive the same file at the same moment: each fills a folder of its own, and the first that renames it has
   * archived the file for all. What a crash left without its claims makes room.
   */
  private archive(hash: string, { claims, approvals }: ClaimTexts): void {
    const folder = join(this.folder, hash);
    const beside = `${folder}.new-${randomUUID()}`;
    mkdirSync(beside);
    writeFileSynced(join(beside, CLAIMS), claims.text);
    if (approvals !== undefined) writeFileSynced(join(beside, APPROVALS), approvals.text);
    syncFolderSync(beside);
    while (!renamed(beside, folder)) {
      if (this.archived(hash) === undefined) rmSync(folder, { recursive: true, force: true });
      else {
        rmSync(beside, { recursive: true, force: true });
        return;
      }
    }
  }
}

/** False where a folder that is not empty stands at `to`. */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function lineOf({ id, hash, fromMs, writtenMs, file }: Activation): string {
  return JSON.stringify({ id, hash, from: Number.isFinite(fromMs) ? formatTime(fromMs) : null, written: formatTime(writtenMs), file });
}

function readActivations(path: string): Activation[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line) => {
    try {
      const { id, hash, from, written, file } = JSON.parse(line) as Record<string, unknown>;
      const fromMs = from === null ? Number.NEGATIVE_INFINITY : parseInstant(String(from));
      const writtenMs = parseInstant(String(written));
      if (typeof id !== 'string' || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash) || typeof file !== 'string') return [];
      return fromMs === undefined || writtenMs === undefined ? [] : [{ id, hash, fromMs, writtenMs, file }];
    } catch {
      return [];
    }
  });
}

/** What a crash left of a last line gets a line of its own. */
function appendLine(path: string, line: string): void {
  const file = openSync(path, 'a');
  try {
    const whole = /(^|\n)$/.test(readFileSync(path, 'utf8'));
    writeSync(file, `${whole ? '' : '\n'}${line}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
