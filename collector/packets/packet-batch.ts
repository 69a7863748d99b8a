/** Most packets in one batch: bounds what one call of a consumer does, and with it the rows that one call can yield. */
export const MAX_BATCH_PACKETS = 65_536;

/**
 * Captured packets in columns: where each one lies in a shared buffer, how long it was, when it was seen, how to read it. Filled by a
 * capture reader and reused: `bytes` and everything below it is valid only until the consumer's `deliver` has returned or resolved.
 *
 * Times are milliseconds since the epoch, NaN where the capture recorded none (pcapng simple packet block). Numbers count the packets of
 * the capture from 1, as Wireshark does, packets that could not be read included.
 */
export class PacketBatch {
  bytes: Uint8Array = new Uint8Array(0);
  /** A view on the same memory as `bytes`, offset 0 to offset 0. */
  view: DataView = new DataView(this.bytes.buffer);
  length = 0;
  capacity: number;
  offsets: Uint32Array;
  /** Octets of the packet that the capture holds. */
  capturedLengths: Uint32Array;
  /** Octets that the packet had on the link; larger than captured when the capture cut it (snaplen). */
  originalLengths: Uint32Array;
  times: Float64Array;
  /** LINKTYPE_ numbers as tcpdump.org registers them. */
  linkTypes: Uint16Array;
  numbers: Float64Array;

  constructor(capacity = 1024) {
    this.capacity = Math.max(1, Math.min(capacity, MAX_BATCH_PACKETS));
    this.offsets = new Uint32Array(this.capacity);
    this.capturedLengths = new Uint32Array(this.capacity);
    this.originalLengths = new Uint32Array(this.capacity);
    this.times = new Float64Array(this.capacity);
    this.linkTypes = new Uint16Array(this.capacity);
    this.numbers = new Float64Array(this.capacity);
  }

  /** Points the batch at a buffer and forgets its packets. */
  clear(bytes: Uint8Array, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
    this.length = 0;
  }

  /** True when MAX_BATCH_PACKETS are in it: deliver first, then go on. */
  get full(): boolean {
    return this.length >= MAX_BATCH_PACKETS;
  }

  /** Appends one packet. The caller has checked that it lies within `bytes` and that the batch is not full. */
  add(offset: number, captured: number, original: number, timeMs: number, linkType: number, number: number): void {
    const at = this.length;
    if (at === this.capacity) this.grow();
    this.offsets[at] = offset;
    this.capturedLengths[at] = captured;
    this.originalLengths[at] = original;
    this.times[at] = timeMs;
    this.linkTypes[at] = linkType;
    this.numbers[at] = number;
    this.length = at + 1;
  }

  private grow(): void {
    const capacity = Math.min(this.capacity * 2, MAX_BATCH_PACKETS);
    this.offsets = wider(this.offsets, new Uint32Array(capacity));
    this.capturedLengths = wider(this.capturedLengths, new Uint32Array(capacity));
    this.originalLengths = wider(this.originalLengths, new Uint32Array(capacity));
    this.times = wider(this.times, new Float64Array(capacity));
    this.linkTypes = wider(this.linkTypes, new Uint16Array(capacity));
    this.numbers = wider(this.numbers, new Float64Array(capacity));
    this.capacity = capacity;
  }
}

function wider<A extends Uint32Array | Uint16Array | Float64Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
