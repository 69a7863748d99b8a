import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateReader, StateWriter } from '../../../detector/baseline/state.js';
import { Field } from '../../../detector/sessions/session-rows.js';
import { CLOSED_IDLE_MS, OTHER_IDLE_MS, SessionTable, TCP_IDLE_MS } from '../../../detector/sessions/session-table.js';

const asset = Uint32Array.of(0, 0, 0xffff0000, 0x0b0a280a);
const peerOf = (peer: number): Uint32Array => Uint32Array.of(0, 0, 0xffff0000, peer);

function touch(table: SessionTable, peer: number, port: number, startMs: number, endMs: number, protocol = 6): number {
  const slot = table.find(asset, 0, peerOf(peer), 0, port, protocol, startMs, endMs);
  const at = slot * table.stride;
  table.numbers[at + Field.records]! += 1;
  table.numbers[at + Field.last] = Math.max(table.numbers[at + Field.last]!, endMs);
  return table.numbers[at + Field.serial]!;
}

describe('session table', () => {
  it('keeps apart what differs in any part of the 5-tuple and joins what does not, however it grows and sweeps', () => {
    const record = fc.record({
      peer: fc.integer({ min: 0, max: 40 }),
      port: fc.integer({ min: 0, max: 30 }),
      udp: fc.boolean(),
      step: fc.integer({ min: 0, max: 400 }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 600 }), (records) => {
        const ended = new Set<number>();
        const table = new SessionTable((serial) => ended.add(serial));
        const model = new Map<string, { serial: number; last: number }>();
        let now = 0;
        for (const { peer, port, udp, step } of records) {
          now += step;
          const key = `${peer} ${port} ${udp}`;
          const serial = touch(table, peer, port, now, now, udp ? 17 : 6);
          const known = model.get(key);
          // All times lie within the idle limits: a session goes on for as long as it was not ended.
          if (known !== undefined) expect(serial === known.serial || ended.has(known.serial)).toBe(true);
          if (known !== undefined && now - known.last <= OTHER_IDLE_MS) expect(serial).toBe(known.serial);
          model.set(key, { serial, last: now });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never holds more than its limit, and forgets those silent longest first', () => {
    const ended: number[] = [];
    const table = new SessionTable((serial) => ended.push(serial), 64);
    const serials = Array.from({ length: 500 }, (_, index) => touch(table, index, 443, index * 10, index * 10));
    expect(serials.length - ended.length).toBeLessThanOrEqual(64);
    expect(Math.max(...ended)).toBeLessThan(Math.max(...serials.slice(-16)));
    expect(touch(table, 499, 443, 5000, 5000)).toBe(serials[499]);
  });

  it('parts sessions by idle time: long for open TCP, short after FIN, and joins a record that comes late', () => {
    const table = new SessionTable(() => {});
    const first = touch(table, 1, 443, 0, 1000);
    expect(touch(table, 1, 443, 1000 + TCP_IDLE_MS, 1000 + TCP_IDLE_MS)).toBe(first);
    const slot = table.find(asset, 0, peerOf(1), 0, 443, 6, TCP_IDLE_MS, TCP_IDLE_MS);
    table.addFlags(slot, 0x11, 0);
    expect(touch(table, 1, 443, 1000 + TCP_IDLE_MS + CLOSED_IDLE_MS, 1000 + TCP_IDLE_MS + CLOSED_IDLE_MS)).toBe(first);
    expect(touch(table, 1, 443, 500, 600)).toBe(first);
    expect(touch(table, 1, 443, 3 * TCP_IDLE_MS, 3 * TCP_IDLE_MS)).not.toBe(first);
    const udp = touch(table, 2, 53, 0, 0, 17);
    expect(touch(table, 2, 53, OTHER_IDLE_MS, OTHER_IDLE_MS, 17)).toBe(udp);
    expect(touch(table, 2, 53, 2 * OTHER_IDLE_MS + 1, 2 * OTHER_IDLE_MS + 1, 17)).not.toBe(udp);
  });

  it('a SYN begins another connection where the last was answered, or where no stack would repeat it so', () => {
    const SYN = 0x02;
    const table = new SessionTable(() => {});
    const told = (peer: number, second: number, flags: number, packets = 1): number => {
      const slot = table.find(asset, 0, peerOf(peer), 0, 443, 6, second * 1000, second * 1000, flags);
      table.addFlags(slot, flags, 0);
      const at = slot * table.stride;
      table.numbers[at + Field.records]! += 1;
      table.numbers[at + Field.packetsOut]! += packets;
      table.numbers[at + Field.last] = Math.max(table.numbers[at + Field.last]!, second * 1000);
      return table.numbers[at + Field.serial]!;
    };
    const repeated = [0, 1, 3, 7, 15, 31, 63, 127].map((second) => told(1, second, SYN));
    expect(new Set(repeated).size).toBe(1);
    const steady = [0, 30, 60, 90].map((second) => told(2, second, SYN));
    expect(new Set(steady).size).toBe(4);
    const many = [0, 4, 8, 12].map((second) => told(3, second, SYN, 6));
    expect(new Set(many).size).toBe(2);
    const answered = [0, 4, 60, 120].map((second) => told(4, second, SYN | 0x18));
    expect(new Set(answered).size).toBe(3);
    const goesOn = [SYN | 0x18, 0x18, 0x18].map((flags, n) => told(5, n * 600, flags));
    expect(new Set(goesOn).size).toBe(1);
  });

  it('counts each stretch of time from one sensor', () => {
    const table = new SessionTable(() => {});
    const slot = table.find(asset, 0, peerOf(1), 0, 443, 6, 0, 60_000);
    expect(table.counts(slot, true, 1, 0, 60_000)).toBe(true);
    expect(table.counts(slot, true, 2, 3, 60_003)).toBe(false);
    expect(table.counts(slot, false, 2, 3, 60_003)).toBe(true);
    expect(table.counts(slot, true, 1, 60_000, 90_000)).toBe(true);
    // The first sensor fell silent: the other takes over.
    expect(table.counts(slot, true, 2, 120_000, 180_000)).toBe(true);
    expect(table.counts(slot, true, 1, 120_000, 180_000)).toBe(false);
  });

  it('comes back from a snapshot', () => {
    const table = new SessionTable(() => {});
    for (let index = 0; index < 300; index++) touch(table, index, 443, index, index);
    const writer = new StateWriter();
    table.save(writer);
    const again = new SessionTable(() => {});
    again.load(new StateReader(writer.finish()));
    for (let index = 0; index < 320; index++) expect(touch(again, index, 443, 400, 400)).toBe(touch(table, index, 443, 400, 400));
  });
});
