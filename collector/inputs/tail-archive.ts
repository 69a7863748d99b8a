import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openByteSource } from './byte-source.js';
import { fingerprintOf, MIN_FINGERPRINT_OCTETS, type TailPosition } from './tail-file.js';

/** Files looked at to find where a log went: the newest ones. */
export const MAX_ROTATED_FILES = 64;
/** Folders by date beside the log's own that are looked into (zeekctl's archive). */
const MAX_DATED_FOLDERS = 2;

/** A file that a log was rotated to. */
export interface RotatedFile {
  readonly path: string;
  /** Device and inode, as in TailPosition. */
  readonly id: string;
  /** Time of its last change in ns. The file system counts in steps of some ms: of files changed in the same one the order is that of their names. */
  readonly changedNs: bigint;
}

/**
 * Finds the file that a position is of after it was rotated: by device and inode where it was renamed, by its beginning where it was copied or
 * compressed. Files are taken for the log's by their names:
 *
 *   conn.log → conn.log.1  conn.log-20261203  conn.log.2.gz  conn.2026-12-03-10-00-00.log  conn-26-12-03_10.00.00.log  ../2026-12-03/conn.10:00:00-11:00:00.log.gz
 *
 * Answers that file and the ones written after it, oldest first, but not the one that is the log now (`current`, as RotatedFile.id); none when it is not
 * there any more.
 */
export async function findRotated(path: string, position: TailPosition, current: string): Promise<RotatedFile[]> {
  const candidates = (await rotatedFiles(path)).filter(({ id }) => id !== current);
  for (const [index, candidate] of candidates.entries()) {
    if (!(await isOf(candidate, position))) continue;
    const found = [candidate];
    // While it is being compressed it is there twice.
    for (const later of candidates.slice(index + 1)) if (!(await isOf(later, position))) found.push(later);
    return found;
  }
  return [];
}

/** The rotated files of a log, those changed last, oldest first. */
async function rotatedFiles(path: string): Promise<RotatedFile[]> {
  const folder = dirname(path);
  const name = rotatedName(basename(path));
  const found: RotatedFile[] = [];
  for (const each of [folder, ...(await datedFolders(folder))]) {
    for (const entry of await names(each)) {
      const file = join(each, entry);
      if (file === path || !name.test(entry)) continue;
      const facts = await stat(file, { bigint: true }).catch(() => undefined);
      if (facts?.isFile() === true) found.push({ path: file, id: `${facts.dev}/${facts.ino}`, changedNs: facts.mtimeNs });
    }
  }
  found.sort((a, b) => Number(a.changedNs - b.changedNs) || (a.path < b.path ? -1 : 1));
  return found.slice(-MAX_ROTATED_FILES);
}

function rotatedName(base: string): RegExp {
  const dot = base.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [base.slice(0, dot), base.slice(dot)] : [base, ''];
  const quoted = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, '\\$&');
  const mark = '[.\\-_]\\d[^/]*';
  return new RegExp(`^${quoted(stem)}(?:${quoted(extension)}(?:${mark})?|${mark}${quoted(extension)})(?:\\.gz)?$`);
}

async function datedFolders(folder: string): Promise<string[]> {
  const beside = dirname(folder);
  const dated = (await names(beside)).filter((name) => /^\d{4}-\d\d-\d\d$/.test(name)).sort();
  return dated.slice(-MAX_DATED_FOLDERS).map((name) => join(beside, name));
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function isOf({ path, id }: RotatedFile, { file, offset, head, headOctets }: TailPosition): Promise<boolean> {
  if (id !== file && headOctets < MIN_FINGERPRINT_OCTETS) return false;
  if (id === file && offset === 0) return true;
  const source = await openByteSource({ path }).catch(() => undefined);
  if (source === undefined) return false;
  try {
    const bytes = new Uint8Array(headOctets);
    let held = 0;
    for (let count = -1; count !== 0 && held < headOctets; held += count) count = await source.read(bytes, held, headOctets - held);
    return held === headOctets && fingerprintOf(bytes) === head;
  } catch {
    return false;
  } finally {
    await source.close();
  }
}
