import type { Message } from '../../../flow/bus/bus.js';
import type { StoreServiceLimits } from './limits.js';
import type { FrameRange } from './range.js';

/**
 * Frames of one partition that wait to be stored, and where the next range is cut.
 *
 *   from                          promised (an intent of the run before)
 *    │ message │ message │ message │ message …
 *
 * While a promise is open, the first range is exactly [from, promised): only then does its token make the repetition harmless.
 */
export class PartitionQueue {
  readonly #limits: StoreServiceLimits;
  #messages: Message[] = [];
  #bytes = 0;
  #from: number | undefined;
  #promised: number | undefined;

  constructor(limits: StoreServiceLimits, from: number | undefined, promised: number | undefined) {
    this.#limits = limits;
    this.#from = from;
    this.#promised = promised;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get empty(): boolean {
    return this.#messages.length === 0;
  }

  /** True while messages of a promised range are still to come: limits and waiting times do not count then. */
  get owesMessages(): boolean {
    return this.#promised !== undefined && (this.#messages.at(-1)?.offset ?? -1) + 1 < this.#promised;
  }

  push(message: Message): void {
    this.#from ??= message.offset;
    this.#messages.push(message);
    this.#bytes += message.value.byteLength;
  }

  /** The next range, taken out; undefined when it is not time yet. `due`: what there is, however little. */
  take(due: boolean): FrameRange | undefined {
    if (this.owesMessages || this.empty) return undefined;
    const count = this.#promised === undefined ? this.#countByLimits(due) : this.#countBefore(this.#promised);
    if (count < 0) return undefined;
    const messages = this.#messages.splice(0, count);
    for (const message of messages) this.#bytes -= message.value.byteLength;
    const from = this.#from!;
    const upTo = this.#promised ?? messages.at(-1)!.offset + 1;
    this.#promised = undefined;
    this.#from = upTo;
    return { from, upTo, messages };
  }

  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }

  #countBefore(offset: number): number {
    const index = this.#messages.findIndex((message) => message.offset >= offset);
    return index < 0 ? this.#messages.length : index;
  }

  #countByLimits(due: boolean): number {
    let rows = 0;
    let bytes = 0;
    for (let i = 0; i < this.#messages.length; i++) {
      const message = this.#messages[i]!;
      rows += rowsOf(message);
      bytes += message.value.byteLength;
      if (i > 0 && (rows > this.#limits.maxBatchRows || bytes > this.#limits.maxBatchBytes)) return i;
    }
    return due ? this.#messages.length : -1;
  }
}

/** Rows that a frame says it holds: for limits and counters, never for reading. */
export function rowsOf(message: Message): number {
  const rows = Number(message.headers.rows);
  return Number.isSafeInteger(rows) && rows > 0 ? rows : 0;
}
