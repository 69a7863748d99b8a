import { describe, expect, it } from 'vitest';
import { UNCLAIMED } from '../../detector/detections/example-claims.js';
import type { DetectionId } from '../../detector/detections/index.js';
import { type Conversation, TCP, UDP } from '../../fixtures/generator/flows/conversation.js';
import { claimsOf } from '../detector/support/rows.js';
import { findingsFrom, TOLD_BY } from './support/conversations.js';

/*
 * Programs that speak from one and the same port: every record has the 5-tuple of the one before, and still each call is a call. What is one exchange by its nature must
 * stay one: a standing session that is kept alive, a SYN that a stack repeats.
 */

const FROM = Date.parse('2026-11-02T08:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ASKED: readonly DetectionId[] = ['beacon', 'reconnect-hammer'];
const claims = claimsOf(UNCLAIMED);

interface Calls {
  /** Of the client; 47000 where it is left out, as operating systems give them. */
  readonly port?: number;
  readonly protocol: number;
  readonly everyMs: number;
  readonly hours: number;
  readonly answered: boolean;
}

/** From one port to port 4444 of a place outside. */
function calls({ protocol, everyMs, hours, answered, port = 47_000 }: Calls): Conversation[] {
  const down = answered
    ? { octetsDown: protocol === TCP ? 320 : 90, packetsDown: protocol === TCP ? 5 : 1 }
    : { octetsDown: 0, packetsDown: 0 };
  const up = protocol === TCP && answered ? { octetsUp: 420, packetsUp: 5 } : { octetsUp: protocol === TCP ? 44 : 80, packetsUp: 1 };
  return Array.from({ length: Math.floor((hours * 60 * MINUTE) / everyMs) }, (_, n) => ({
    startMs: FROM + n * everyMs,
    endMs: FROM + n * everyMs + (answered ? 200 : 0),
    ...{ client: '10.40.10.11', clientPort: port, server: '203.0.113.7', serverPort: 4444, protocol },
    ...up,
    ...down,
  }));
}

/** A connection that nobody answers, as Linux tries it: 1, 2, 4 … 64 s apart; the application gives up. */
function oneTry(startMs: number): Conversation[] {
  const [first] = calls({ protocol: TCP, everyMs: MINUTE, hours: 1, answered: false });
  return [0, 1, 3, 7, 15, 31, 63, 127].map((second) => ({
    ...first!,
    startMs: startMs + second * SECOND,
    endMs: startMs + second * SECOND,
  }));
}

async function told(conversations: readonly Conversation[], by: (typeof TOLD_BY)[number]): Promise<string[]> {
  const alerts = await findingsFrom(conversations, by, claims, ['claim-violation', ...ASKED]);
  return [...new Set(alerts.map((alert) => alert.by))].sort();
}

describe.each(TOLD_BY)('told by %s, from one port', (by) => {
  it.each([
    ['datagrams every 60 s that are answered', { protocol: UDP, everyMs: MINUTE, hours: 4, answered: true }, ['beacon']],
    ['connections every 2 min that are closed', { protocol: TCP, everyMs: 2 * MINUTE, hours: 4, answered: true }, ['beacon']],
    [
      'a SYN every 90 s that nobody answers',
      { protocol: TCP, everyMs: 90 * SECOND, hours: 4, answered: false },
      ['beacon', 'reconnect-hammer'],
    ],
    [
      'datagrams every 90 s that nobody answers',
      { protocol: UDP, everyMs: 90 * SECOND, hours: 4, answered: false },
      by === 'netflow9' ? ['beacon'] : ['beacon', 'reconnect-hammer'],
    ],
  ] as const)('%s are calls of their own', async (_name, what, expected) => {
    expect(await told(calls(what), by)).toEqual(expected);
  });

  it('who began is told by who spoke first, where both ports may be a client’s', async () => {
    expect(await told(calls({ protocol: UDP, everyMs: MINUTE, hours: 4, answered: true, port: 5555 }), by)).toEqual(
      // The exporter here gives both directions the same start.
      by === 'netflow9' ? [] : ['beacon'],
    );
  });

  it('a SYN every five seconds is a hammer, though a meter makes one record of many', async () => {
    expect(await told(calls({ protocol: TCP, everyMs: 5 * SECOND, hours: 4, answered: false }), by)).toContain('reconnect-hammer');
  });

  it('a way kept open every 20 s is one exchange', async () => {
    expect(await told(calls({ protocol: UDP, everyMs: 20 * SECOND, hours: 4, answered: true }), by)).toEqual([]);
  });

  it('a SYN that is repeated as stacks do is one try: ten an hour are no hammer', async () => {
    const tries = Array.from({ length: 20 }, (_, n) => oneTry(FROM + n * 7 * MINUTE)).flat();
    expect(await told(tries, by)).not.toContain('reconnect-hammer');
  });
});
