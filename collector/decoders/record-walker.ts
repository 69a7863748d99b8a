import { type Template, VARIABLE_LENGTH } from '../templates/template.js';

/**
 * Finds the fields of one record whose layout is known only from its own bytes (RFC 7011 §7):
 *
 *   length < 255:  | length (1) | content …        otherwise:  | 255 (1) | length (2) | content …
 */
export class RecordWalker {
  readonly offsets: Uint32Array;
  readonly widths: Uint32Array;

  constructor(maxFields: number) {
    this.offsets = new Uint32Array(maxFields);
    this.widths = new Uint32Array(maxFields);
  }

  /** Where the next record begins, −1 when this one runs past `end`. Always at least template.minimumLength, hence past `at`. */
  walk(template: Template, bytes: Uint8Array, at: number, end: number): number {
    const { lengths } = template;
    for (let field = 0; field < lengths.length; field++) {
      let length = lengths[field]!;
      if (length === VARIABLE_LENGTH) {
        if (at >= end) return -1;
        length = bytes[at]!;
        at += 1;
        if (length === 255) {
          if (at + 2 > end) return -1;
          length = (bytes[at]! << 8) | bytes[at + 1]!;
          at += 2;
        }
      }
      this.offsets[field] = at;
      this.widths[field] = length;
      at += length;
      if (at > end) return -1;
    }
    return at;
  }
}
