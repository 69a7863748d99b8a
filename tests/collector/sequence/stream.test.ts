import { describe, expect, it } from 'vitest';
import { DEFAULT_SEQUENCE_LIMITS } from '../../../collector/sequence/limits.js';
import { DUPLICATE, type SequencedMessage, SequenceStream } from '../../../collector/sequence/stream.js';
import { SequenceState } from '../../../flow/columns.js';

const T0 = 1_796_256_000_000;

function follow(limits = DEFAULT_SEQUENCE_LIMITS) {
  const booked = { lost: 0, restarts: 0, undecodable: 0 };
  const stream = new SequenceStream(limits, {
    lost: (units) => {
      booked.lost += units;
    },
    restarted: () => {
      booked.restarts++;
    },
    undecodable: (units) => {
      booked.undecodable += units;
    },
  });
  const see = (sequence: number, advance: number, more: Partial<SequencedMessage> = {}) =>
    stream.observe({ sequence: sequence >>> 0, advance, slack: 0, exportTimeMs: T0, systemUptimeMs: Number.NaN, ...more });
  return { stream, booked, see };
}

describe('a sequence stream', () => {
  it('does not take the history before its first message for a loss', () => {
    const { stream, booked, see } = follow();
    expect(see(1_000_000, 10)).toBe(SequenceState.unknown);
    expect(see(1_000_010, 10)).toBe(SequenceState.inOrder);
    stream.settleAll();
    expect(booked.lost).toBe(0);
  });

  it('books a gap as lost once the reorder window has passed, and not before', () => {
    const { booked, see } = follow();
    see(0, 10);
    expect(see(30, 10)).toBe(SequenceState.afterLoss);
    expect(booked.lost).toBe(0);
    see(40, 10, { exportTimeMs: T0 + 6000 });
    expect(booked.lost).toBe(20);
  });

  it('takes back the part of a gap that arrives late, in any order', () => {
    const { stream, booked, see } = follow();
    see(0, 10);
    see(50, 10);
    expect(see(30, 10)).toBe(SequenceState.reordered);
    expect(see(10, 10)).toBe(SequenceState.reordered);
    stream.settleAll();
    expect(booked.lost).toBe(20);
  });

  it('counts a duplicate neither as loss nor as restart, also across the late ones', () => {
    const { stream, booked, see } = follow();
    see(0, 10);
    see(20, 10);
    see(10, 10);
    expect(see(10, 10)).toBe(DUPLICATE);
    expect(see(0, 10)).toBe(DUPLICATE);
    expect(see(20, 10)).toBe(DUPLICATE);
    stream.settleAll();
    expect(booked).toEqual({ lost: 0, restarts: 0, undecodable: 0 });
  });

  it('counts on through the wrap at 2^32', () => {
    const { stream, booked, see } = follow();
    see(0xffff_fff0, 10);
    expect(see(0xffff_fffa, 10)).toBe(SequenceState.inOrder);
    expect(see(14, 10)).toBe(SequenceState.afterLoss);
    stream.settleAll();
    expect(booked.lost).toBe(10);
  });

  it('tells an IPFIX message of templates alone from the data message with the same number', () => {
    const { booked, see } = follow();
    see(0, 10);
    expect(see(10, 0)).toBe(SequenceState.inOrder);
    expect(see(10, 5)).toBe(SequenceState.inOrder);
    expect(see(10, 5)).toBe(DUPLICATE);
    expect(booked.restarts).toBe(0);
  });

  it('recognises a restart by three messages that continue each other, and claims no loss for it', () => {
    const { stream, booked, see } = follow();
    see(500_000, 10);
    see(500_010, 10);
    const later = { exportTimeMs: T0 + 60_000 };
    see(500_020, 10, later);
    expect(see(0, 10, later)).toBe(SequenceState.unknown);
    expect(see(10, 10, later)).toBe(SequenceState.unknown);
    expect(see(20, 10, later)).toBe(SequenceState.afterRestart);
    expect(see(30, 10, later)).toBe(SequenceState.inOrder);
    stream.settleAll();
    expect(booked).toEqual({ lost: 0, restarts: 1, undecodable: 0 });
  });

  it('recognises a restart by uptime even where the new number looks like a small gap', () => {
    const { stream, booked, see } = follow();
    see(100, 1, { systemUptimeMs: 900_000 });
    see(101, 1, { systemUptimeMs: 910_000, exportTimeMs: T0 + 10_000 });
    const booted = (n: number) => ({ systemUptimeMs: 1000 * n, exportTimeMs: T0 + 20_000 + 1000 * n });
    see(150, 1, booted(1));
    see(151, 1, booted(2));
    expect(see(152, 1, booted(3))).toBe(SequenceState.afterRestart);
    stream.settleAll();
    expect(booked).toEqual({ lost: 0, restarts: 1, undecodable: 0 });
  });

  it('does not take the uptime wrap after 49.7 days for a restart', () => {
    const { booked, see } = follow();
    see(100, 1, { systemUptimeMs: 0xffff_ffff - 500 });
    expect(see(102, 1, { systemUptimeMs: 500, exportTimeMs: T0 + 1000 })).toBe(SequenceState.afterLoss);
    expect(booked.restarts).toBe(0);
  });

  it('is not blinded by forged numbers: one or two change nothing (RFC 7011 §11.6)', () => {
    const { stream, booked, see } = follow();
    see(1000, 10);
    see(3_000_000_000, 10);
    see(3_000_000_010, 10);
    expect(see(1010, 10)).toBe(SequenceState.inOrder);
    see(3_000_000_020, 10);
    see(3_000_000_030, 10);
    expect(see(1030, 10)).toBe(SequenceState.afterLoss);
    stream.settleAll();
    expect(booked).toEqual({ lost: 10, restarts: 0, undecodable: 0 });
  });

  it('bounds the loss that a jump can claim', () => {
    const { stream, booked, see } = follow();
    see(0, 10);
    for (const n of [0, 10, 20]) see(1_500_000_000 + n, 10);
    stream.settleAll();
    expect(booked.restarts).toBe(1);
    expect(booked.lost).toBe(DEFAULT_SEQUENCE_LIMITS.plausibleGap);
  });

  it("believes a large gap that the exporter's own rate explains", () => {
    const { stream, booked, see } = follow();
    for (let i = 0; i <= 20; i++) see(i * 10_000, 10_000, { exportTimeMs: T0 + i * 1000 });
    expect(see(500_000, 10_000, { exportTimeMs: T0 + 50_000 })).toBe(SequenceState.afterLoss);
    stream.settleAll();
    expect(booked.lost).toBe(290_000);
  });

  it('gives the records of an uncountable message to it, and only the rest to loss', () => {
    const { stream, booked, see } = follow();
    see(0, 10);
    see(10, 0, { slack: 30 });
    expect(see(35, 10)).toBe(SequenceState.inOrder);
    see(45, 0, { slack: 30 });
    expect(see(100, 10)).toBe(SequenceState.afterLoss);
    stream.settleAll();
    expect(booked).toEqual({ lost: 25, restarts: 0, undecodable: 55 });
  });

  it('keeps a bounded number of holes', () => {
    const { stream, booked, see } = follow({ ...DEFAULT_SEQUENCE_LIMITS, maxHoles: 4 });
    for (let i = 0; i < 100; i++) see(i * 20, 10);
    expect(booked.lost).toBeGreaterThanOrEqual(94 * 10);
    stream.settleAll();
    expect(booked.lost).toBe(99 * 10);
  });
});
