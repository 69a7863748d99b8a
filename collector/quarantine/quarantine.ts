import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAddress } from '../../flow/address.js';
import type { Log } from '../../flow/service/log.js';
import { minuteOf } from '../../flow/time.js';
import type { Origin } from '../contracts.js';
import { DEFAULT_QUARANTINE_LIMITS, type QuarantineLimits } from './limits.js';
import { MAX_PAYLOAD_OCTETS, pcapHeader, pcapRecord } from './pcap-record.js';

export interface QuarantineOptions {
  /** Folder of the captures, made with the first payload. */
  readonly folder: string;
  readonly log: Pick<Log, 'warn'>;
  readonly limits?: Partial<QuarantineLimits>;
}

/** All grow only. Payloads offered = kept + refused. */
export interface QuarantineCounters {
  kept: number;
  keptOctets: number;
  /** Not kept because of the limits per minute, or longer than a UDP datagram can be. */
  refused: number;
  /** Of the kept: not on the disk, because it could not be written. */
  failed: number;
}

/** Keeps payloads that could not be read, so that they can be read after a fix: `cordon decode --format export-pcap FILE`. */
export interface Quarantine {
  readonly counters: Readonly<QuarantineCounters>;
  readonly folder: string;
  /** Takes a copy of the payload. False when the limits leave no room. Never waits: the disk is written behind. Times are the origin's arrival. */
  keep(payload: Uint8Array, origin: Origin): boolean;
  /** Resolves when all that was kept is on the disk, as far as it can be written. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const FILE_NAME = /^quarantine-\d{8}T\d{9}Z-\d+\.pcap$/;

/** Inert until the first payload. */
export function createQuarantine(options: QuarantineOptions): Quarantine {
  const { folder, log } = options;
  const limits: QuarantineLimits = { ...DEFAULT_QUARANTINE_LIMITS, ...options.limits };
  const counters: QuarantineCounters = { kept: 0, keptOctets: 0, refused: 0, failed: 0 };
  const files = new PcapFiles(folder, limits);
  /** Octets of this minute by exporter; each entry stands for a payload within maxOctetsPerMinute, so the map is bounded with it. */
  const octetsOf = new Map<string, number>();
  let minute = Number.NaN;
  let minuteOctets = 0;
  let waiting: Buffer[] = [];
  let writing: Promise<void> | undefined;
  let warned = false;

  const hasRoom = (exporter: string, octets: number, atMs: number): boolean => {
    if (minuteOf(atMs) !== minute) {
      minute = minuteOf(atMs);
      minuteOctets = 0;
      octetsOf.clear();
    }
    const used = octetsOf.get(exporter) ?? 0;
    if (used + octets > limits.maxOctetsPerExporterMinute || minuteOctets + octets > limits.maxOctetsPerMinute) return false;
    octetsOf.set(exporter, used + octets);
    minuteOctets += octets;
    return true;
  };

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const records = waiting;
      waiting = [];
      try {
        await files.append(records);
      } catch (error) {
        counters.failed += records.length;
        if (!warned)
          log.warn({ folder, error: String(error) }, `payloads that cannot be read cannot be kept in ${folder}: make room there`);
        warned = true;
      }
    }
  };

  const flush = async (): Promise<void> => {
    while (writing !== undefined) await writing;
  };

  return {
    counters,
    folder,
    keep(payload, origin) {
      const octets = payload.length;
      const isKept = octets <= MAX_PAYLOAD_OCTETS && hasRoom(formatAddress(origin.exporter), octets, origin.receivedMs);
      if (!isKept) {
        counters.refused++;
        return false;
      }
      counters.kept++;
      counters.keptOctets += octets;
      waiting.push(pcapRecord(payload, origin.exporter, origin.exporterPort, origin.receivedMs));
      writing ??= write().finally(() => {
        writing = undefined;
      });
      return true;
    },
    flush,
    async stop() {
      await flush();
      await files.close();
    },
  };
}

/** Captures in a folder, one growing, the oldest removed when together they would exceed the limit. */
class PcapFiles {
  private readonly folder: string;
  private readonly limits: QuarantineLimits;
  private file: FileHandle | undefined;
  private name = '';
  private size = 0;

  constructor(folder: string, limits: QuarantineLimits) {
    this.folder = folder;
    this.limits = limits;
  }

  async append(records: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(records);
    if (this.file === undefined || this.size + bytes.length > this.limits.maxFileOctets) await this.begin(bytes);
    await this.file!.appendFile(bytes);
    this.size += bytes.length;
  }

  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  /** Begins the file whose first record is at the head of `bytes`: its arrival names it, the process keeps names of several apart. */
  private async begin(bytes: Buffer): Promise<void> {
    await this.close();
    await mkdir(this.folder, { recursive: true });
    const seconds = bytes.readUInt32LE(0);
    const time = new Date(seconds * 1000 + Math.floor(bytes.readUInt32LE(4) / 1000)).toISOString().replace(/[-:.]/g, '');
    this.name = `quarantine-${time}-${process.pid}.pcap`;
    await this.makeRoom(Math.max(this.limits.maxFileOctets, bytes.length));
    this.file = await open(join(this.folder, this.name), 'a');
    this.size = (await this.file.stat()).size;
    if (this.size > 0) return;
    await this.file.appendFile(pcapHeader());
    this.size = pcapHeader().length;
  }

  private async makeRoom(octets: number): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => FILE_NAME.test(name)).sort();
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(this.folder, name)).catch(() => undefined))?.size ?? 0));
    let total = sizes.reduce((sum, size) => sum + size, 0);
    for (const [index, name] of names.entries()) {
      if (total + octets <= this.limits.maxOctets) return;
      if (name === this.name) continue;
      await unlink(join(this.folder, name)).catch(() => undefined);
      total -= sizes[index]!;
    }
  }
}
