import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CollectorStatus } from '../../collector/collector-status.js';
import type { BufferStatus } from '../../collector/outputs/buffer/disk-buffer.js';
import { replaceFile } from '../../flow/service/replace-file.js';
import type { ClaimsStatus } from './claim-reload.js';

export const ROLES = ['run', 'collect', 'detect', 'store'] as const;
export type Role = (typeof ROLES)[number];

/** What the detector of a process says of itself. */
export interface DetectorStatus {
  readonly records: number;
  /** Frames published and not yet judged; null where the bus did not say. */
  readonly lag: number | null;
}

/** What the store service of a process says of itself. */
export interface StoreStatus {
  /** Rows stored and frames that could not be, by topic. */
  readonly topics: Readonly<Record<string, { readonly rows: number; readonly quarantined: number }>>;
  readonly lag: number | null;
  /** What keeps it from storing; '' nothing. */
  readonly problem: string;
  readonly bufferedBytes: number;
}

/** `/status` of a process. */
export interface ProcessStatus {
  readonly role: Role;
  readonly version: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly ready: boolean;
  readonly collector?: CollectorStatus;
  readonly buffer?: BufferStatus;
  readonly detector?: DetectorStatus;
  readonly store?: StoreStatus;
  readonly claims?: ClaimsStatus;
}

/** Where a process can be asked: a small file in the data folder for each, removed when it stops. */
export interface ProcessFile {
  readonly role: Role;
  readonly pid: number;
  readonly url: string;
}

const folderOf = (data: string): string => join(data, 'processes');

/** Writes the file of this process, and removes those of processes that were killed: they are started again now. */
export async function writeProcessFile(data: string, file: ProcessFile): Promise<{ remove(): Promise<void> }> {
  const pathOf = ({ role, pid }: ProcessFile): string => join(folderOf(data), `${role}-${pid}.json`);
  await mkdir(folderOf(data), { recursive: true });
  for (const other of readProcessFiles(data)) if (!isAlive(other.pid)) await rm(pathOf(other), { force: true });
  const path = pathOf(file);
  await replaceFile(path, `${JSON.stringify(file)}\n`);
  return { remove: () => rm(path, { force: true }) };
}

/** Processes that say that they run with this data folder; of those killed the file is still there. Damaged files are passed over. */
export function readProcessFiles(data: string): ProcessFile[] {
  let names: string[];
  try {
    names = readdirSync(folderOf(data)).sort();
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    if (!/^[a-z]+-\d+\.json$/.test(name)) return [];
    try {
      const file = JSON.parse(readFileSync(join(folderOf(data), name), 'utf8')) as Partial<ProcessFile> | null;
      const { role, pid, url } = file ?? {};
      return role !== undefined && ROLES.includes(role) && Number.isInteger(pid) && typeof url === 'string' && URL.canParse(url)
        ? [{ role, pid: pid!, url }]
        : [];
    } catch {
      return [];
    }
  });
}

/** False when there is surely no such process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
