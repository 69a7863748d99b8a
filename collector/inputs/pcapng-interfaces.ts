/** Interfaces per section at most: memory bound. tcpdump and Wireshark write one per network interface. */
export const MAX_INTERFACES = 4096;

const OPTION_END = 0;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const EPB_DROPCOUNT = 4;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;

/** The interfaces of one section, in columns, numbered as interface description blocks come. */
export class PcapngInterfaces {
  count = 0;
  readonly linkTypes = new Uint16Array(MAX_INTERFACES);
  readonly snapLengths = new Uint32Array(MAX_INTERFACES);
  /** Timestamp units per second and the seconds to add (if_tsresol, if_tsoffset). */
  readonly unitsPerSecond = new Float64Array(MAX_INTERFACES);
  readonly offsetSeconds = new Float64Array(MAX_INTERFACES);
  /** Drops as last told: interface statistics are running totals. */
  private readonly interfaceDrops = new Float64Array(MAX_INTERFACES);
  private readonly systemDrops = new Float64Array(MAX_INTERFACES);
  /** Drops that packets told of, each those before it. */
  private packetDrops = 0;

  /*
   * draft-ietf-opsawg-pcapng §4.2, body of an interface description block:
   *   | LinkType, 16 | reserved, 16 | SnapLen, 32 | options …
   */
  /** Adds the interface described between `from` and `to`. False when it is malformed or one too many. */
  describe(view: DataView, from: number, to: number, littleEndian: boolean): boolean {
    if (from + 8 > to || this.count >= MAX_INTERFACES) return false;
    const index = this.count;
    this.linkTypes[index] = view.getUint16(from, littleEndian);
    this.snapLengths[index] = view.getUint32(from + 4, littleEndian);
    this.unitsPerSecond[index] = 1e6;
    this.offsetSeconds[index] = 0;
    this.interfaceDrops[index] = 0;
    this.systemDrops[index] = 0;
    const valid = eachOption(view, from + 8, to, littleEndian, (code, at, length) => {
      if (code === IF_TSRESOL && length === 1) this.unitsPerSecond[index] = unitsPerSecond(view.getUint8(at));
      else if (code === IF_TSOFFSET && length === 8) this.offsetSeconds[index] = Number(view.getBigInt64(at, littleEndian));
    });
    if (valid) this.count++;
    return valid;
  }

  /*
   * §4.6, body of an interface statistics block:
   *   | interface id, 32 | timestamp high, 32 | timestamp low, 32 | options …
   */
  /** Notes the drops an interface statistics block tells. False when it is malformed. */
  statistics(view: DataView, from: number, to: number, littleEndian: boolean): boolean {
    if (from + 12 > to) return false;
    const index = view.getUint32(from, littleEndian);
    if (index >= this.count) return false;
    return eachOption(view, from + 12, to, littleEndian, (code, at, length) => {
      if (length !== 8) return;
      if (code === ISB_IFDROP) this.interfaceDrops[index] = Number(view.getBigUint64(at, littleEndian));
      else if (code === ISB_OSDROP) this.systemDrops[index] = Number(view.getBigUint64(at, littleEndian));
    });
  }

  /** Notes what a packet tells of packets lost before it. */
  droppedBefore(packets: number): void {
    this.packetDrops += packets;
  }

  /** Notes the drop count among an enhanced packet block's options (§4.3, epb_dropcount), if there is one. Options that are malformed tell nothing. */
  packetOptions(view: DataView, from: number, to: number, littleEndian: boolean): void {
    eachOption(view, from, to, littleEndian, (code, at, length) => {
      if (code === EPB_DROPCOUNT && length === 8) this.packetDrops += Number(view.getBigUint64(at, littleEndian));
    });
  }

  /** Milliseconds since the epoch of a timestamp in this interface's unit. NaN-free: a resolution of 0 units cannot occur. */
  timeMs(index: number, high: number, low: number): number {
    const perSecond = this.unitsPerSecond[index]!;
    const units = high * 2 ** 32 + low;
    const ms = perSecond === 1e6 ? units / 1000 : (units / perSecond) * 1000;
    return ms + this.offsetSeconds[index]! * 1000;
  }

  /** By the interfaces' statistics; what packets told beyond these and the system's is the interfaces' too. */
  droppedByInterfaces(): number {
    const told = total(this.interfaceDrops, this.count);
    return Math.max(told, this.packetDrops - this.droppedBySystem());
  }

  droppedBySystem(): number {
    return total(this.systemDrops, this.count);
  }

  clear(): void {
    this.count = 0;
    this.packetDrops = 0;
  }
}

function total(values: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  return sum;
}

/** §4.2, if_tsresol: the most significant bit chooses a power of 2 instead of 10. */
function unitsPerSecond(value: number): number {
  return (value & 0x80) !== 0 ? 2 ** (value & 0x7f) : 10 ** value;
}

/*
 * §3.5:  | code, 16 | length, 16 | value, padded to 32 bits | … | code 0, length 0 |    (the end option may be missing)
 */
function eachOption(
  view: DataView,
  from: number,
  to: number,
  littleEndian: boolean,
  visit: (code: number, at: number, length: number) => void,
): boolean {
  let at = from;
  while (at + 4 <= to) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPTION_END) return true;
    if (at + 4 + length > to) return false;
    visit(code, at + 4, length);
    at += 4 + ((length + 3) & ~3);
  }
  return true;
}
