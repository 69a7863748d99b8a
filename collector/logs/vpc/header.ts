import { MAX_LOG_COLUMNS } from '../limits.js';
import { textOf } from '../text-fields.js';
import { SLOTS, Slot, VPC_FORMATS, VPC_SLOT_OF_FIELD } from './fields-table.js';

const SPACE = 0x20;
const HYPHEN = 0x2d;

/** Without these, and one pair of addresses, a line says no flow. */
const NEEDED = [Slot.protocol, Slot.packets, Slot.octets, Slot.start, Slot.end] as const;

/** The order of the fields. Files in S3 begin with a header line, and files put together have one wherever the next began. */
export class VpcHeader {
  columns = 0;
  readonly slots = new Int8Array(MAX_LOG_COLUMNS);
  readonly present = new Uint8Array(SLOTS);
  /** A line has all that a row needs. */
  complete = false;
  /** No header has come: the format is assumed from the number of fields. */
  assumed = true;
  /** The version that lines of an assumed format have. */
  version = 0;

  /** Takes the documented format with this many fields, where no header has come; false where there is none. */
  assume(columns: number): boolean {
    if (!this.assumed) return false;
    const format = VPC_FORMATS.find(({ names }) => names.length === columns);
    if (format === undefined) return false;
    if (columns !== this.columns) this.name(format.names);
    this.version = format.version;
    return true;
  }

  /** Reads a line if it is a header: lower-case names, some of them known. Fields that AWS has added since are columns that are not needed. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (byte !== SPACE && byte !== HYPHEN && !(byte >= 0x61 && byte <= 0x7a)) return false;
    }
    const names = textOf(bytes, from, to).split(' ');
    if (!names.some((name) => VPC_SLOT_OF_FIELD.has(name))) return false;
    this.assumed = false;
    this.name(names);
    return true;
  }

  /** Takes these names as the header. */
  name(names: readonly string[]): void {
    this.present.fill(0);
    this.columns = names.length <= MAX_LOG_COLUMNS ? names.length : 0;
    let twice = false;
    for (let column = 0; column < this.columns; column++) {
      const slot = VPC_SLOT_OF_FIELD.get(names[column]!) ?? -1;
      this.slots[column] = slot;
      if (slot < 0) continue;
      twice ||= this.present[slot] === 1;
      this.present[slot] = 1;
    }
    const has = (slot: number): boolean => this.present[slot] === 1;
    const endpoints = (has(Slot.source) || has(Slot.packetSource)) && (has(Slot.destination) || has(Slot.packetDestination));
    this.complete = this.columns > 0 && !twice && endpoints && NEEDED.every(has);
  }
}
