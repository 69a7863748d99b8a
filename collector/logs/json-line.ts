import { textOf } from './text-fields.js';

/** A JSON object as it came from outside: names may be missing, or their values of any kind. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses one line as a JSON object; undefined when it is none. `__proto__` in the input becomes a property like any other (ECMA-262 §25.5.1), so that
 * nothing is inherited from it; only names of ours are ever read.
 */
export function parseJsonLine(bytes: Uint8Array, from: number, to: number): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(textOf(bytes, from, to)));
  } catch {
    return undefined;
  }
}

/** The value if it is an object, else undefined. */
export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** A whole number from 0 to `most`; 0 where it is absent or null, −1 where it is anything else. */
export function wholeOf(value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (value === undefined || value === null) return 0;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most ? value : -1;
}

/** Text as octets, for the readers of fields; text that is not ASCII, or too long, is empty. */
export class TextScratch {
  readonly bytes = new Uint8Array(256);
  length = 0;

  set(value: unknown): this {
    this.length = 0;
    if (typeof value !== 'string' || value.length > this.bytes.length) return this;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7e) return this;
      this.bytes[i] = code;
    }
    this.length = value.length;
    return this;
  }
}
