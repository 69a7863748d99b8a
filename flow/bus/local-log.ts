import { BusError, type Message, type OutgoingMessage, type Topic } from './bus.js';
import { messageBytes } from './message-size.js';
import { createSignal } from './signal.js';

/** What one group still needs of this partition. */
interface GroupMarks {
  /** Named in the options: messages are kept for it while it has no reader. */
  declared: boolean;
  /** It has a reader, or will have in a moment. */
  reading: boolean;
  /** Where it begins when it never committed. */
  readonly first: number;
  /** Before this offset everything was delivered. */
  delivered: number;
  /** Before this offset everything was committed. */
  committed: number;
}

export interface LocalLogLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * One partition of the in-process bus: the messages that somebody may still want, in order.
 *
 *   base                    released[i] …                head
 *    │ delivered to all groups │ not yet delivered to all  │ next to be published
 *
 * A message leaves when every group has committed past it. When room is needed, the oldest leave as soon as every group was
 * delivered them: a reader that commits rarely (a snapshot a minute) must not stop the publisher for ever. A group that then
 * comes back for an offset below `base` is told so (BusError 'log-truncated'), never given a gap in silence.
 */
export class LocalLog {
  readonly topic: Topic;
  readonly partition: number;
  readonly log: string;
  /** The first offset there is in this process. */
  readonly origin: number;
  /** Raised after every publish and every release. */
  readonly changed = createSignal();
  #limits: LocalLogLimits;
  #messages: Message[] = [];
  #bytes = 0;
  #base: number;
  /** A topic without groups keeps nothing. */
  #groups = new Map<string, GroupMarks>();
  #published: number;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(topic: Topic, partition: number, log: string, limits: LocalLogLimits, origin = 0) {
    this.origin = origin;
    this.#base = origin;
    this.#published = origin;
    this.topic = topic;
    this.partition = partition;
    this.log = log;
    this.#limits = limits;
  }

  get base(): number {
    return this.#base;
  }

  get head(): number {
    return this.#base + this.#messages.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** From now on messages are kept for this group. One that is not there from the beginning gets what is still kept. */
  addGroup(group: string, declared: boolean): void {
    const marks = this.#groups.get(group) ?? { declared, reading: false, first: this.#base, delivered: this.#base, committed: 0 };
    marks.reading ||= !declared;
    this.#groups.set(group, marks);
  }

  /** The group's last reader left. Its messages wait for the next one: as long as it takes if it is declared, else while there is room. */
  leaveGroup(group: string): void {
    const marks = this.#groups.get(group);
    if (marks === undefined) return;
    marks.reading = false;
    marks.delivered = marks.declared ? marks.committed : Number.POSITIVE_INFINITY;
    this.changed.raise();
  }

  /** Where a group without a commit begins: at 0, unless it came when older messages were gone already. */
  first(group: string): number {
    return this.#groups.get(group)?.first ?? this.#base;
  }

  /** The offset that follows everything handed to `publish` so far, also what still waits for room. */
  get published(): number {
    return this.#published;
  }

  /** Appends in call order and answers the offset; waits while there is no room. */
  publish(message: OutgoingMessage): Promise<number> {
    this.#published += 1;
    const mine = this.#turn.then(() => this.#append(message));
    this.#turn = mine.then(
      () => {},
      () => {},
    );
    return mine;
  }

  async #append(message: OutgoingMessage): Promise<number> {
    const bytes = messageBytes(message);
    for (;;) {
      if (this.#stopped) throw new BusError('stopped', 'the bus was stopped while a message waited for room');
      if (this.#makeRoom(bytes)) break;
      await this.changed.next();
    }
    const { topic, partition, log } = this;
    const offset = this.head;
    this.#messages.push({ value: message.value, headers: message.headers, topic, partition, log, offset });
    this.#bytes += bytes;
    this.#release(this.#done());
    this.changed.raise();
    return offset;
  }

  /** True when a message of that size fits, after letting go of what every group was delivered. An empty partition takes any message. */
  #makeRoom(bytes: number): boolean {
    const fits = () => this.#messages.length < this.#limits.maxMessages && this.#bytes + bytes <= this.#limits.maxBytes;
    const delivered = this.#lowest('delivered');
    while (!fits() && this.#base < delivered && this.#messages.length > 0) this.#release(this.#base + 1);
    return fits() || this.#messages.length === 0;
  }

  #lowest(mark: 'delivered' | 'committed', of = (_group: GroupMarks) => true): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const group of this.#groups.values()) if (of(group)) lowest = Math.min(lowest, group[mark]);
    return lowest;
  }

  /** Before this offset every group has both been delivered and committed everything (a reader may begin below its commit). */
  #done(): number {
    return Math.min(this.#lowest('delivered'), this.#lowest('committed'));
  }

  #release(before: number): void {
    const count = Math.min(before, this.head) - this.#base;
    if (count <= 0) return;
    for (const message of this.#messages.splice(0, count)) this.#bytes -= messageBytes(message);
    this.#base += count;
  }

  /** The messages from `offset` on, as many as the limits allow, at least one if there is one. */
  read(offset: number, maxMessages: number, maxBytes: number): Message[] {
    const from = offset - this.#base;
    if (from < 0) throw new BusError('log-truncated', this.#truncated(offset));
    const batch: Message[] = [];
    let bytes = 0;
    for (let i = from; i < this.#messages.length && batch.length < maxMessages; i++) {
      const message = this.#messages[i]!;
      bytes += messageBytes(message);
      if (batch.length > 0 && bytes > maxBytes) break;
      batch.push(message);
    }
    return batch;
  }

  #truncated(offset: number): string {
    return (
      `${this.topic}/${this.partition}: offset ${offset} was asked for, and the in-process bus keeps ${this.#base} and later only; ` +
      'start the process again, or give the bus more room (maxMessages, maxBytes)'
    );
  }

  /** A reader of the group begins at `start`, having committed before `committed`: both may be below or above what there is. */
  positioned(group: string, start: number, committed: number): void {
    this.#set(group, start, committed);
  }

  delivered(group: string, before: number): void {
    this.#set(group, before, undefined);
  }

  committed(group: string, before: number): void {
    this.#set(group, undefined, before);
  }

  #set(group: string, delivered: number | undefined, committed: number | undefined): void {
    const marks = this.#groups.get(group);
    if (marks === undefined) return;
    marks.delivered = delivered ?? marks.delivered;
    marks.committed = committed ?? marks.committed;
    this.#release(this.#done());
    this.changed.raise();
  }

  /** True when every group that reads, or is declared to, committed everything before `offset`. */
  settled(offset: number): boolean {
    return this.head >= offset && this.#lowest('committed', (group) => group.declared || group.reading) >= offset;
  }

  stop(): void {
    this.#stopped = true;
    this.changed.raise();
  }
}
