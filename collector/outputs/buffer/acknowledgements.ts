import { readFileSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Topic } from '../../../flow/bus/bus.js';

const FILE_NAME = 'acknowledged';
/** The file is written anew when it has grown by this much: some twenty thousand acknowledgements. */
const REWRITE_OCTETS = 1 << 20;

/** How far the bus has the frames of one partition. */
export interface Acknowledged {
  readonly topic: Topic;
  readonly partition: number;
  /** Every record of the partition up to this sequence is on the bus; 0: none so far. */
  readonly sequence: number;
  /** Offset of the last one in the log of the bus; what we send later comes after it. −1: before the log's first. */
  readonly offset: number;
}

/**
 * What the bus has acknowledged, per partition: a text file of lines `checksum json`, the last of a partition counts. A line that is lost in a crash
 * only makes the next start look at more of the bus.
 */
export class Acknowledgements {
  private readonly folder: string;
  private readonly known = new Map<string, Acknowledged>();
  private counts: Partial<Record<Topic, number>> = {};
  private file: FileHandle | undefined;
  private written = Number.POSITIVE_INFINITY;
  private lines = '';
  private writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
    for (const line of readLines(join(folder, FILE_NAME))) this.take(line);
  }

  /** The highest sequence that was ever acknowledged. */
  get lastSequence(): number {
    let last = 0;
    for (const { sequence } of this.known.values()) last = Math.max(last, sequence);
    return last;
  }

  /** How many partitions the topic had when a broker was last asked. */
  partitions(topic: Topic): number | undefined {
    return this.counts[topic];
  }

  of(topic: Topic, partition: number): Acknowledged | undefined {
    return this.known.get(`${topic}/${partition}`);
  }

  all(): Acknowledged[] {
    return [...this.known.values()];
  }

  notePartitions(counts: Partial<Record<Topic, number>>): void {
    this.add(counts);
  }

  note(acknowledged: Acknowledged): void {
    const { topic, partition, sequence, offset } = acknowledged;
    this.add([topic, partition, sequence, offset]);
  }

  /** Resolves when everything noted so far would survive the end of this process. Rejects when the file cannot be written. */
  flush(): Promise<void> {
    this.writing = this.writing.catch(() => undefined).then(() => this.write());
    return this.writing;
  }

  async close(): Promise<void> {
    await this.flush().catch(() => undefined);
    await this.file?.close();
  }

  private add(entry: object): void {
    this.take(entry);
    this.lines += lineOf(entry);
  }

  private take(entry: unknown): void {
    if (Array.isArray(entry)) {
      const [topic, partition, sequence, offset] = entry as [Topic, number, number, number];
      this.known.set(`${topic}/${partition}`, { topic, partition, sequence, offset });
    } else {
      this.counts = entry as Partial<Record<Topic, number>>;
    }
  }

  private async write(): Promise<void> {
    if (this.lines === '') return;
    if (this.file === undefined || this.written > REWRITE_OCTETS) return this.rewrite();
    const text = this.lines;
    this.lines = '';
    await this.file.appendFile(text);
    this.written += text.length;
  }

  /** Everything that is known, in a new file that replaces the old one. */
  private async rewrite(): Promise<void> {
    const path = join(this.folder, FILE_NAME);
    const entries = [this.counts, ...this.all().map(({ topic, partition, sequence, offset }) => [topic, partition, sequence, offset])];
    this.lines = '';
    await this.file?.close();
    this.file = undefined;
    const file = await open(`${path}.new`, 'w');
    await file.writeFile(entries.map(lineOf).join(''));
    await file.datasync();
    await rename(`${path}.new`, path);
    this.file = file;
    this.written = 0;
  }
}

function lineOf(entry: object): string {
  const json = JSON.stringify(entry);
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** The entries of the lines whose checksum is right. */
function readLines(path: string): unknown[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const entries: unknown[] = [];
  for (const line of text.split('\n')) {
    const json = line.slice(9);
    if (json !== '' && Number.parseInt(line.slice(0, 8), 16) === crc32(json)) entries.push(JSON.parse(json));
  }
  return entries;
}
