import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Bus, BusError, type Reader, type Subscription } from '../../flow/bus/bus.js';
import { numbered, outgoing, RecordingReader } from './bus-reader.js';

/** What differs between the buses: how one is made, and what a restart of the process does. */
export interface BusUnderTest {
  /** A started bus on topics nobody else uses, with two partitions each; `groups` will read all of them. */
  open(groups: readonly string[]): Promise<Bus>;
  /** The bus that the next process would open on the same topics. The former one was stopped. */
  reopen(groups: readonly string[]): Promise<Bus>;
  /** In process, a restart publishes the same messages again from offset 0. */
  readonly republishesAfterRestart: boolean;
}

export function busConformance(create: () => Promise<BusUnderTest>): void {
  describe('bus', () => {
    let under: BusUnderTest;
    let bus: Bus | undefined;

    beforeEach(async () => {
      under = await create();
    });
    afterEach(async () => {
      await bus?.stop();
      bus = undefined;
    });

    const open = async (...groups: string[]): Promise<Bus> => {
      bus = await under.open(groups);
      return bus;
    };
    const publish = async (on: Bus, texts: readonly string[], partition = 0) => {
      await Promise.all(texts.map((text) => on.publish('flows', partition, outgoing(text))));
    };
    const read = (on: Bus, group: string, reader: Reader): Promise<Subscription> => on.subscribe({ group, topics: ['flows'], reader });

    it('keeps the order of publishing within a partition, with offsets from 0 and growing by one', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      await read(on, 'a', reader);
      await Promise.all([publish(on, numbered(0, 200), 0), publish(on, numbered(0, 100, 'n'), 1)]);
      await reader.until(() => reader.received.length >= 300);
      expect(reader.texts(0)).toEqual(numbered(0, 200));
      expect(reader.texts(1)).toEqual(numbered(0, 100, 'n'));
      expect(reader.received.filter(({ partition }) => partition === 0).map(({ offset }) => offset)).toEqual([...Array(200).keys()]);
    });

    it('tells the offset of what is published, and where the logs end', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      const offsets = await Promise.all(numbered(0, 30).map((text) => on.publish('flows', 1, outgoing(text))));
      expect(offsets).toEqual([...Array(30).keys()]);
      expect(await on.publish('flows', 1, outgoing('last'))).toBe(30);
      expect(await on.ends('flows')).toEqual([
        { low: 0, high: 0 },
        { low: 0, high: 31 },
      ]);
      await read(on, 'a', reader);
      await reader.until(() => reader.received.length >= 31);
      expect(reader.received.map(({ offset }) => offset)).toEqual([...offsets, 30]);
    });

    it('delivers value, headers and the name of the log', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      await read(on, 'a', reader);
      const value = Uint8Array.from([0, 10, 10, 255, 128]);
      await on.publish('flows', 1, { value, headers: { 'frame-version': '1', sensors: 'ü, "x"' } });
      await reader.until(() => reader.received.length > 0);
      const message = reader.received[0]!;
      expect(Uint8Array.from(message.value)).toEqual(value);
      expect(message.headers).toEqual({ 'frame-version': '1', sensors: 'ü, "x"' });
      expect(message.log).not.toBe('');
      expect(reader.assignments.map(({ log }) => log)).toContain(message.log);
    });

    it('hands over no more bytes at once than the reader asks for, yet a message that is larger alone', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      const batches: number[] = [];
      reader.work = async (batch) => {
        batches.push(batch.reduce((sum, { value }) => sum + value.byteLength, 0));
      };
      const sizes = [400, 400, 400, 3000, 400, 400, 400, 400];
      for (const size of sizes) await on.publish('flows', 0, outgoing('x'.repeat(size)));
      await on.subscribe({ group: 'a', topics: ['flows'], reader, batchBytes: 1000 });
      await reader.until(() => reader.received.length >= sizes.length);
      expect(reader.texts().map((text) => text.length)).toEqual(sizes);
      expect(batches.every((bytes) => bytes <= 1000 || bytes === 3000)).toBe(true);
    });

    it('shows every message to every group', async () => {
      const on = await open('a', 'b');
      const [a, b] = [new RecordingReader(), new RecordingReader()];
      await publish(on, numbered(0, 10));
      await read(on, 'a', a);
      await publish(on, numbered(10, 20));
      await read(on, 'b', b);
      await Promise.all([a, b].map((reader) => reader.until(() => reader.received.length >= 20)));
      expect(a.texts()).toEqual(numbered(0, 20));
      expect(b.texts()).toEqual(numbered(0, 20));
    });

    it('shares the partitions within a group', async () => {
      const on = await open('a');
      const [one, two] = [new RecordingReader(), new RecordingReader()];
      await read(on, 'a', one);
      await one.until(() => one.assignments.length === 2);
      const second = await read(on, 'a', two);
      await two.until(() => two.assignments.length === 1);
      await publish(on, numbered(0, 20, 'p'), 0);
      await publish(on, numbered(0, 20, 'q'), 1);
      const both = () => [...one.texts(), ...two.texts()];
      await Promise.all([one, two].map((reader) => reader.until(() => reader.received.length >= 20)));
      expect(both().sort()).toEqual([...numbered(0, 20, 'p'), ...numbered(0, 20, 'q')].sort());
      // The second leaves, the first has everything again.
      await second.close();
      await one.until(() => one.assignments.length >= 3);
      expect(two.revocations).toHaveLength(1);
    });

    it('resumes at the committed offset and gives the metadata back', async () => {
      const on = await open('a');
      const first = new RecordingReader();
      const subscription = await read(on, 'a', first);
      await publish(on, numbered(0, 10));
      await first.until(() => first.received.length >= 10);
      await subscription.commit('flows', 0, 6, '{"insert":[6,9]}');
      await subscription.close();
      await subscription.ended;
      expect(first.revocations.sort()).toEqual(['flows/0', 'flows/1']);

      const second = new RecordingReader();
      await read(on, 'a', second);
      await second.until(() => second.received.length >= 4);
      expect(second.texts()).toEqual(numbered(6, 10));
      expect(second.assignments.find(({ partition }) => partition === 0)?.committed).toEqual({ offset: 6, metadata: '{"insert":[6,9]}' });
      expect(second.assignments.find(({ partition }) => partition === 1)?.committed).toBeUndefined();
    });

    it('resumes after a restart of the process, in the same log', async () => {
      const before = await open('a');
      const first = new RecordingReader();
      const subscription = await read(before, 'a', first);
      await publish(before, numbered(0, 10));
      await first.until(() => first.received.length >= 10);
      await subscription.commit('flows', 0, 7, 'seven');
      await before.stop();

      bus = await under.reopen(['a']);
      const second = new RecordingReader();
      await read(bus, 'a', second);
      await second.until(() => second.assignments.length === 2);
      if (under.republishesAfterRestart) await publish(bus, numbered(0, 10));
      await publish(bus, numbered(10, 12));
      await second.until(() => second.received.length >= 5);
      expect(second.texts()).toEqual(numbered(7, 12));
      const [was, is] = [first, second].map((reader) => reader.assignments.find(({ partition }) => partition === 0));
      expect(is?.committed).toEqual({ offset: 7, metadata: 'seven' });
      expect(is?.log).toBe(was?.log);
    });

    it('begins where the reader says, below or above the commit', async () => {
      const on = await open('a', 'b');
      await publish(on, numbered(0, 10));
      const reader = new RecordingReader();
      const subscription = await read(on, 'a', reader);
      await reader.until(() => reader.received.length >= 10);
      await subscription.commit('flows', 0, 5);
      await subscription.close();

      const earlier = new RecordingReader();
      earlier.startAt = ({ partition }) => (partition === 0 ? 3 : undefined);
      const again = await read(on, 'a', earlier);
      await earlier.until(() => earlier.received.length >= 7);
      expect(earlier.texts()).toEqual(numbered(3, 10));
      await again.close();

      const later = new RecordingReader();
      later.startAt = ({ partition }) => (partition === 0 ? 8 : undefined);
      await read(on, 'a', later);
      await later.until(() => later.received.length >= 2);
      expect(later.texts()).toEqual(numbered(8, 10));
    });

    it('ends the subscription of a reader that rejects, and gives its messages again', async () => {
      const on = await open('a');
      const failing = new RecordingReader();
      failing.work = async () => {
        throw new Error('disk full');
      };
      const subscription = await read(on, 'a', failing);
      await publish(on, numbered(0, 5));
      await expect(subscription.ended).rejects.toThrow('disk full');
      expect(failing.revocations.sort()).toEqual(['flows/0', 'flows/1']);

      const next = new RecordingReader();
      await read(on, 'a', next);
      await next.until(() => next.received.length >= 5);
      expect(next.texts()).toEqual(numbered(0, 5));
    });

    it('ends the subscription of a reader that cannot take its partition', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      reader.startAt = () => {
        throw new Error('no snapshot');
      };
      const subscription = await read(on, 'a', reader);
      await expect(subscription.ended).rejects.toThrow('no snapshot');
    });

    it('refuses commits for what the reader does not hold', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      const subscription = await read(on, 'a', reader);
      await reader.until(() => reader.assignments.length === 2);
      await expect(subscription.commit('findings', 0, 1)).rejects.toMatchObject({ code: 'not-assigned' });
      await subscription.close();
      await expect(subscription.commit('flows', 0, 1)).rejects.toMatchObject({ code: 'not-assigned' });
    });

    it('takes 4 KB of metadata and refuses more', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      const subscription = await read(on, 'a', reader);
      await publish(on, ['x']);
      await reader.until(() => reader.received.length === 1);
      await subscription.commit('flows', 0, 1, 'm'.repeat(4096));
      await expect(subscription.commit('flows', 0, 1, 'm'.repeat(4097))).rejects.toThrow(/4097/);
    });

    it('carries 900 KB and refuses what is too large before sending it', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      await read(on, 'a', reader);
      const large = new Uint8Array(900_000).map((_, index) => (index * 2654435761) >>> 24);
      await on.publish('flows', 0, { value: large, headers: { rows: '20000' } });
      const error = await on.publish('flows', 0, { value: new Uint8Array(1_100_000), headers: {} }).catch((failed: unknown) => failed);
      expect(error).toBeInstanceOf(BusError);
      expect(error).toMatchObject({ code: 'message-too-large' });
      await publish(on, ['after']);
      await reader.until(() => reader.received.length === 2);
      expect(Buffer.compare(reader.received[0]!.value, large)).toBe(0);
      expect(reader.received[1]!.offset).toBe(1);
    });

    it('knows the lag: published and not yet committed', async () => {
      const on = await open('a');
      await publish(on, numbered(0, 10));
      const reader = new RecordingReader();
      const subscription = await read(on, 'a', reader);
      await reader.until(() => reader.received.length >= 10);
      expect(await subscription.lag()).toBe(10);
      await subscription.commit('flows', 0, 4);
      expect(await subscription.lag()).toBe(6);
      await subscription.commit('flows', 0, 10);
      expect(await subscription.lag()).toBe(0);
    });

    it('lets the running call end and commit before it closes', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      let subscription: Subscription | undefined;
      let ended = false;
      reader.work = async (batch) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await subscription!.commit('flows', 0, batch[batch.length - 1]!.offset + 1, 'late');
        ended = true;
      };
      subscription = await read(on, 'a', reader);
      await publish(on, ['x']);
      await reader.until(() => reader.received.length === 1);
      await subscription.close();
      expect(ended).toBe(true);
      await subscription.ended;

      const next = new RecordingReader();
      await read(on, 'a', next);
      await next.until(() => next.assignments.length === 2);
      expect(next.assignments.find(({ partition }) => partition === 0)?.committed).toEqual({ offset: 1, metadata: 'late' });
    });

    it('flushes: resolves when everything published is durable', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      let subscription: Subscription | undefined;
      reader.work = async (batch) => {
        const { partition, offset } = batch[batch.length - 1]!;
        await subscription!.commit('flows', partition, offset + 1);
      };
      subscription = await read(on, 'a', reader);
      await reader.until(() => reader.assignments.length === 2);
      for (const text of numbered(0, 50)) void on.publish('flows', 0, outgoing(text));
      await on.flush();
      if (under.republishesAfterRestart) expect(await subscription.lag()).toBe(0);
      await reader.until(() => reader.received.length === 50);
    });

    it('stops twice, ends its subscriptions, and refuses work afterwards', async () => {
      const on = await open('a');
      const reader = new RecordingReader();
      const subscription = await read(on, 'a', reader);
      await reader.until(() => reader.assignments.length === 2);
      await Promise.all([on.stop(), on.stop()]);
      await on.stop();
      await subscription.ended;
      expect(reader.revocations).toHaveLength(2);
      await expect(on.publish('flows', 0, outgoing('x'))).rejects.toMatchObject({ code: 'stopped' });
      await expect(read(on, 'a', reader)).rejects.toMatchObject({ code: 'stopped' });
    });

    it('refuses a partition that is not there', async () => {
      const on = await open('a');
      expect(on.partitions('flows')).toBe(2);
      await expect(on.publish('flows', 2, outgoing('x'))).rejects.toThrow('no partition 2');
    });
  });
}
