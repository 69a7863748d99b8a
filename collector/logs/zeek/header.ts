import { MAX_LOG_COLUMNS } from '../limits.js';
import { textOf } from '../text-fields.js';
import { COUNTER_SLOTS, NEEDED_SLOTS, SLOTS, ZEEK_FIELDS } from './fields-table.js';

const SLOT_OF_NAME = new Map(ZEEK_FIELDS.flatMap(([slot, ...names]) => names.map((name) => [name, slot] as const)));

/**
 * What the header lines of a Zeek log in TSV have said so far. Logs are rotated and put together again, so a header may come anywhere; from `#separator` on
 * everything is new, and `#fields` alone changes the columns.
 *
 *   #separator \x09            the one octet that stands between columns, escaped
 *   #set_separator , · #empty_field (empty) · #unset_field -        each after a separator
 *   #path conn · #open … · #types … · #close …                      not needed: columns are known by their names
 *   #fields ts uid id.orig_h …
 */
export class ZeekHeader {
  separator = 0x09;
  unset: Uint8Array = Buffer.from('-', 'latin1');
  /** The same as text, and what stands for empty sets and between their elements: for logs other than conn.log. */
  unsetText = '-';
  emptyText = '(empty)';
  setSeparator = ',';
  /** Columns of a line; 0 before the first `#fields`. */
  columns = 0;
  /** Slot of each column, −1 where it is not needed. */
  readonly slots = new Int8Array(MAX_LOG_COLUMNS);
  /** 1 for each slot that some column fills. */
  readonly present = new Uint8Array(SLOTS);
  /** The columns are those of conn.log. */
  isConnections = false;
  /** Grows whenever columns or the words for unset fields change. */
  revision = 0;
  private readonly places = new Map<string, number>();

  /** The column of that name, undefined where the log has none. */
  columnOf(name: string): number | undefined {
    return this.places.get(name);
  }

  /** Reads a line that begins with '#'. False when the line is a header that cannot be right; lines after it are then not believed either. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.revision++;
    const line = textOf(bytes, from, Math.min(to, from + 65_536));
    if (line.startsWith('#separator ')) return this.begin(line.slice('#separator '.length));
    const separator = String.fromCharCode(this.separator);
    if (line.startsWith(`#unset_field${separator}`)) {
      this.unsetText = line.slice('#unset_field'.length + 1);
      this.unset = Buffer.from(this.unsetText, 'utf8');
      return this.unsetText !== '';
    }
    if (line.startsWith(`#empty_field${separator}`)) this.emptyText = line.slice('#empty_field'.length + 1);
    if (line.startsWith(`#set_separator${separator}`)) this.setSeparator = line.slice('#set_separator'.length + 1) || ',';
    if (line.startsWith(`#fields${separator}`)) return this.fields(line.slice('#fields'.length + 1).split(separator));
    return true;
  }

  private begin(escaped: string): boolean {
    this.forget();
    const code = /^\\x([0-9a-fA-F]{2})$/.exec(escaped);
    const octet = code === null ? (escaped.length === 1 ? escaped.charCodeAt(0) : -1) : Number.parseInt(code[1]!, 16);
    if (octet < 0 || octet > 0x7e || octet === 0x0a || octet === 0x0d || octet === 0x23 || isDigit(octet)) return false;
    this.separator = octet;
    return true;
  }

  private fields(names: readonly string[]): boolean {
    this.present.fill(0);
    this.columns = 0;
    this.isConnections = false;
    this.places.clear();
    if (names.length > MAX_LOG_COLUMNS) return false;
    for (const [column, name] of names.entries()) {
      const slot = SLOT_OF_NAME.get(name) ?? -1;
      // Two columns of one name, or under two of its names: which is meant cannot be known.
      if (slot >= 0 && this.present[slot] === 1) return false;
      if (slot >= 0) this.present[slot] = 1;
      this.slots[column] = slot;
      this.places.set(name, column);
    }
    this.columns = names.length;
    this.isConnections = NEEDED_SLOTS.every((slot) => this.present[slot] === 1) && COUNTER_SLOTS.some((slot) => this.present[slot] === 1);
    return true;
  }

  private forget(): void {
    this.separator = 0x09;
    this.unset = Buffer.from('-', 'latin1');
    this.unsetText = '-';
    this.emptyText = '(empty)';
    this.setSeparator = ',';
    this.places.clear();
    this.columns = 0;
    this.present.fill(0);
    this.isConnections = false;
  }
}

/** Separators are punctuation: with a digit as one, no number could be told from two. */
function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}
