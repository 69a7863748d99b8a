import { describe, expect, test } from 'vitest';
import { compileTexts } from '../../../detector/claims/load.js';
import { runTestTexts } from '../../../detector/tools/claim-tests.js';
import { createExplainer } from '../../../detector/tools/explain.js';
import { FlowTextError, parseFlow } from '../../../detector/tools/flow-text.js';
import { placed } from '../../../detector/tools/placed-claims.js';
import { BASE_APPROVALS, BASE_CLAIMS, placeOf } from '../claims/base-claims.js';

const FILE = { file: 'base.yaml', text: BASE_CLAIMS };
const APPROVALS = { file: 'approvals.jsonl', text: BASE_APPROVALS };

function decisions(...flows: string[]): string[] {
  const explainer = createExplainer(placed([FILE], APPROVALS));
  return flows.flatMap((flow) =>
    explainer.explain(parseFlow(flow)).map(({ decisions: all }) => all.map(({ decision }) => decision).join(' ')),
  );
}

describe('explain', () => {
  test('tells for each claim of the fleet what it says of the flow', () => {
    expect(
      decisions(
        '10.40.10.11:50000 > 10.40.30.7:445 tcp 2026-12-03T11:00:00Z 1MiB',
        '10.40.10.11:50001 > 203.0.113.7:443 tcp 2026-12-03T11:00:00Z 25MiB',
        '10.40.9.4:50001 > 10.40.10.12:22 tcp 2026-12-03T12:30:00Z',
        '10.40.9.4:50002 > 10.40.10.12:22 tcp 2026-12-03T16:30:00Z',
        '10.40.10.12:50002 > 10.40.40.5:9100 tcp 2026-12-03T16:30:00Z',
        '10.40.10.12:50002 > 10.40.40.5:9100 tcp 2027-02-03T16:30:00Z attempt',
      ),
    ).toEqual(['ALLOWED OUTSIDE', 'VIOLATES VIOLATES', 'ALLOWED OUTSIDE', 'VIOLATES OUTSIDE', 'ALLOWED ALLOWED', 'VIOLATES ALLOWED']);
  });

  test('names the rule with its line, the window and the exception', () => {
    const explainer = createExplainer(placed([FILE], APPROVALS));
    const [inWindow] = explainer.explain(parseFlow('10.40.9.4:50001 > 10.40.10.12:22 tcp 2026-12-03T12:30:00Z'));
    expect(inWindow).toMatchObject({ asset: 'scan-2', peerName: 'gateway', initiator: 'peer', port: 22 });
    expect(inWindow!.decisions[0]).toMatchObject({
      claim: 'closed',
      windows: ['weekly', 'ticketed'],
      why: 'rule 2 admits it, inside ticketed',
      place: { file: 'base.yaml', ...placeOf(BASE_CLAIMS, '{ peer: { sets: [gateway] }') },
    });
    const [excused] = explainer.explain(parseFlow('10.40.10.12:50002 > 10.40.40.5:9100 tcp 2026-12-03T16:30:00Z'));
    expect(excused!.decisions[0]).toMatchObject({
      exception: 'ex-1',
      why: 'exception ex-1 (CHG-1): printer pilot',
      place: placeOf(BASE_CLAIMS, '{ id: ex-1'),
    });
  });

  test('budgets add up over the flows given', () => {
    const flow = (minute: number): string => `10.40.10.11:500${minute} > 10.40.40.5:9100 tcp 2026-12-03T11:${minute}:00Z 8MiB`;
    expect(decisions(flow(10), flow(11), flow(12)).map((words) => words.split(' ')[1])).toEqual(['ALLOWED', 'ALLOWED', 'VIOLATES']);
  });

  test('a flow that concerns no asset has no explanation, one between two assets has two', () => {
    expect(decisions('192.0.2.1:1 > 192.0.2.2:2 udp 2026-12-03T11:00:00Z')).toEqual([]);
    expect(decisions('10.40.10.11:50000 > 10.40.10.12:80 tcp 2026-12-03T11:00:00Z')).toHaveLength(2);
  });
});

describe('flows as text', () => {
  test('a row as decode prints it says the same as the short form', () => {
    const short = parseFlow('[2001:db8::1]:50000 > [2001:db8:30::7]:445 tcp 2026-12-03T11:00:00Z PT5M 25MB/1KiB');
    expect(parseFlow(JSON.stringify(short))).toEqual(short);
    expect(short).toMatchObject({ flowEndMilliseconds: '2026-12-03T11:05:00.000Z', octetDeltaCount: 25e6, reverseOctetDeltaCount: 1024 });
  });

  test.each([
    ['nonsense', /write '10/],
    ['10.0.0.1:1 > 10.0.0.2:2 tcpp 2026-12-03T11:00:00Z', /'tcpp' is no protocol/],
    ['10.0.0.1:1 > 10.0.0.2:2 tcp 2026-12-03T11:00:00', /with its zone/],
    ['10.0.0.300:1 > 10.0.0.2:2 tcp 2026-12-03T11:00:00Z', /no address with a port/],
    ['10.0.0.1:1 > 10.0.0.2:70000 tcp 2026-12-03T11:00:00Z', /up to 65535/],
    ['10.0.0.1 > 10.0.0.2:8 icmp 2026-12-03T11:00:00Z', /the protocol has none/],
    ['10.0.0.1:1 > 10.0.0.2:2 tcp 2026-12-03T11:00:00Z 25MX', /is no size/],
    ['10.0.0.1:1 > 10.0.0.2:2 tcp 2026-12-03T11:00:00Z often', /says nothing about a flow/],
    ['{"sourceIPv6Addres":"10.0.0.1"}', /did you mean 'sourceIPv6Address'/],
    ['{"sourceIPv6Address":"10.0.0.1"}', /lacks 'flowStartMilliseconds'/],
  ])('%s', (text, message) => {
    expect(() => parseFlow(text)).toThrow(FlowTextError);
    expect(() => parseFlow(text)).toThrow(message);
  });
});

const TESTS = `tests:
  - name: archive
    flows: ["10.40.10.11:50000 > 10.40.30.7:445 tcp 2026-12-03T11:00:00Z 1MiB"]
    expect: { closed: allowed, quiet: outside }
  - flows: ["10.40.10.11:50000 > 203.0.113.7:443 tcp 2026-12-03T11:00:00Z"]
    expect:
      closed: allowed
`;

describe('tests of a claim file', () => {
  test('are judged, within the file and beside it, and told with their lines', () => {
    const within = runTestTexts([{ file: 'base.yaml', text: BASE_CLAIMS + TESTS }]);
    expect(within.map(({ passed }) => passed)).toEqual([true, true, false]);
    expect(within[2]).toMatchObject({
      expected: 'ALLOWED',
      decision: 'VIOLATES',
      place: placeOf(BASE_CLAIMS + TESTS, 'closed: allowed\n'),
    });
    const beside = runTestTexts([FILE, { file: 'base.tests.yaml', text: `version: 1\nid: base\n${TESTS}` }]);
    expect(beside.map(({ passed }) => passed)).toEqual([true, true, false]);
    expect(beside[2]!.place).toMatchObject({ file: 'base.tests.yaml', line: 9 });
  });

  test('change nothing of what is judged: neither tables nor hash, wherever they stand', () => {
    const hash = (text: string): string => compileTexts([{ file: 'a.yaml', text }]).compilation.claims.hash;
    const between = BASE_CLAIMS.replace('exceptions:', `${TESTS}exceptions:`);
    expect(hash(BASE_CLAIMS + TESTS)).toBe(hash(BASE_CLAIMS));
    expect(hash(between)).toBe(hash(BASE_CLAIMS));
    expect(hash(`${BASE_CLAIMS}# a word\n`)).not.toBe(hash(BASE_CLAIMS));
  });

  test.each([
    ['closed: allowed', 'closd: allowed', /no claim 'closd'/],
    ['203.0.113.7:443', '203.0.113.700', /no address/],
    ['closed: allowed\n', 'closed: fine\n', /write one of violates/],
    ['name: archive', 'asset: nobody', /no asset 'nobody'/],
  ])('%s → %s is refused with its place', (from, to, message) => {
    expect(() => runTestTexts([{ file: 'base.yaml', text: BASE_CLAIMS + TESTS.replace(from, to) }])).toThrow(message);
  });
});
