import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { screenDesk } from '../../cli/wiring/screen-desk.js';
import { type Console, createConsole } from '../../dashboards/console/console.js';
import { MAX_DECISION_BYTES } from '../../dashboards/console/decisions/decision-request.js';
import { createDesk, type FindingsDesk } from '../../detector/decisions/desk.js';
import { DAY_MS } from '../../flow/time.js';
import { buildPage } from './support/page-build.js';
import { DAY, sampleFinding } from './support/sample-data.js';
import { openSampleStore, type SampleStore } from './support/sample-store.js';
import { silentLog } from './support/silent-log.js';

/*
 * Decisions over HTTP, on a real store: what is taken stands in the trail under the name of whoever took it; nothing is taken for another site, for a reader,
 * or for a request that says too little, too much or something else. Each refusal is a sentence.
 */

const NOW = DAY + 20 * 3_600_000;
const ORIGIN = 'https://grafana.example';
let sample: SampleStore;
let desk: FindingsDesk;
let viewer: Console;
let url: URL;
let proof = '';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly error?: string;
    readonly id?: string;
    readonly standing?: {
      readonly state: string;
      readonly word: string;
      readonly by?: { readonly author: string; readonly scope: string };
    };
  } & Record<string, unknown>;
}

function ask(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, url), { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const parsed = text === '' ? {} : (JSON.parse(text) as Answer['body']);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parsed });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

const DECIDER = { Authorization: 'Bearer decide' };
const JSON_TYPE = { 'Content-Type': 'application/json' };
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  ask('POST', path, { ...DECIDER, ...JSON_TYPE, ...headers }, JSON.stringify(body));
const count = async () => (await desk.trail()).length;

beforeAll(async () => {
  const finding = (id: string, severity: 'high' | 'low', peerAddress: string) =>
    sampleFinding({
      id,
      claim: 'c',
      severity,
      fleet: 'scanners',
      asset: 'scan-mv-09',
      peerAddress,
      port: 443,
      octetsOut: 1,
      firstSeen: DAY,
      sentence: `saw ${id}`,
    });
  sample = await openSampleStore({
    findings: [
      finding('aaa1', 'high', '203.0.113.10'),
      finding('aaa2', 'low', '203.0.113.11'),
      finding('bb01', 'high', '203.0.113.20'),
      finding('bb02', 'high', '198.51.100.20'),
    ],
  });
  desk = createDesk({ store: sample.store, now: () => NOW });
  viewer = createConsole({
    query: (sql) => sample.query(sql),
    desk: screenDesk(desk, { claims: [], data: '/nonexistent' }),
    log: silentLog,
    now: () => NOW,
    port: 0,
    webFolder: buildPage(),
    token: 'decide',
    readToken: 'read',
  });
  url = new URL((await viewer.start()).url);
  const { body } = await ask('GET', '/api/settings', DECIDER);
  proof = (body.decisions as { proof: string }).proof;
});
afterAll(async () => {
  await viewer?.stop();
  await sample?.close();
});

describe('deciding', () => {
  test('acknowledge, close and reopen change how the finding stands and stand in the trail', async () => {
    const acknowledged = await post('/api/findings/aaa1/acknowledge', { author: ' eve ', reason: 'asked the vendor' });
    expect([acknowledged.status, acknowledged.body.id, acknowledged.body.standing?.state]).toEqual([200, 'aaa1', 'acknowledged']);
    const closed = await post('/api/findings/aaa1/close', { author: 'eve', reason: 'printer', as: 'noise', days: 30, widen: ['anyPort'] });
    expect(closed.body.standing).toMatchObject({
      state: 'closed',
      word: 'noise',
      by: { author: 'eve', untilMs: NOW + 30 * DAY_MS, scope: expect.stringMatching(/scan-mv-09 with 203\.0\.113\.10$/) },
    });
    const reopened = await post('/api/findings/aaa1/reopen', { author: 'bob', reason: 'was no printer' });
    expect(reopened.body.standing).toMatchObject({ state: 'open', why: 'reopened' });
    const trail = (await desk.trail()).filter(({ finding }) => finding === 'aaa1');
    expect(trail.map(({ verb, author, reason }) => [verb, author, reason])).toEqual([
      ['acknowledge', 'eve', 'asked the vendor'],
      ['noise', 'eve', 'printer'],
      ['reopen', 'bob', 'was no printer'],
    ]);
  });

  test('the parameters of the address say the same, as Grafana sends them, under the name of its user', async () => {
    const grafana = { 'X-Grafana-Action': '1', 'X-Grafana-User': 'grace' };
    const closed = await ask(
      'POST',
      '/api/findings/aaa2/close?as=Incident&reason=%22it%22+%26+more&days=%24days',
      { ...DECIDER, ...JSON_TYPE, ...grafana },
      '{}',
    );
    expect([closed.status, closed.body.standing]).toEqual([200, expect.objectContaining({ state: 'closed', word: 'incident' })]);
    expect((await desk.trail()).at(-1)).toMatchObject({ author: 'grace', reason: '"it" & more', finding: 'aaa2' });
  });

  test('a mute closes what lies in its scope too, and the finding tells whose mute it is', async () => {
    await post('/api/findings/bb01/close', { author: 'eve', reason: 'mirror', as: 'noise', until: '2027-01-31', widen: 'anyPeer' });
    const { body } = await ask('GET', '/api/findings/bb02', DECIDER);
    expect(body.standing).toMatchObject({ state: 'closed', word: 'noise', muted: true, by: { untilMs: Date.UTC(2027, 1, 1) } });
    const found = await ask('GET', '/api/findings/bb', DECIDER);
    expect([found.status, found.body.error]).toEqual([409, "several findings begin with 'bb'; give more of the id"]);
  });

  test('what is expected and cannot be drafted is refused before anything is decided', async () => {
    const before = await count();
    const answer = await post('/api/findings/aaa1/close', { author: 'eve', reason: 'so be it', as: 'expected', days: 7 });
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('no claim file with the fleet scanners is known')]);
    expect(await count()).toBe(before);
  });
});

describe('refusals', () => {
  const GOOD = { author: 'eve', reason: 'why' };

  test.each([
    ['nobody decides', { reason: 'why' }, 'acknowledge', 'who decides'],
    ['no reason', { author: 'eve', reason: ' ' }, 'acknowledge', 'a reason'],
    ['a reason that is no text', { author: 'eve', reason: 7 }, 'acknowledge', 'reason is a text'],
    ['a long reason', { author: 'eve', reason: 'x'.repeat(301) }, 'acknowledge', 'longer than 300'],
    ['control characters', { author: 'eve', reason: 'a\u202eb' }, 'acknowledge', 'control characters'],
    ['what acknowledging does not take', { ...GOOD, as: 'noise' }, 'acknowledge', "'as' says nothing here"],
    ['another word', { ...GOOD, as: 'boring' }, 'close', 'expected, incident, noise'],
    ['noise for ever', { ...GOOD, as: 'noise' }, 'close', 'holds until a date'],
    ['two ends', { ...GOOD, as: 'noise', days: 3, until: '2027-01-01' }, 'close', 'give one'],
    ['an end that has passed', { ...GOOD, as: 'noise', until: '2020-01-01' }, 'close', 'has passed'],
    ['an end that is none', { ...GOOD, as: 'noise', until: '2027-02-30x' }, 'close', 'until is a date'],
    ['half a day', { ...GOOD, as: 'noise', days: 0.5 }, 'close', 'whole number'],
    ['an incident with an end', { ...GOOD, as: 'incident', days: 3 }, 'close', 'no end date'],
    ['an unknown widening', { ...GOOD, as: 'noise', days: 3, widen: ['everything'] }, 'close', 'widen knows'],
    ['two widenings of the peer', { ...GOOD, as: 'noise', days: 3, widen: ['anyPeer', 'peerGroup'] }, 'close', 'choose one'],
    ['a time of day that is none', { ...GOOD, as: 'noise', days: 3, between: '25:00-06:00' }, 'close', 'time of day'],
    ['a time zone that is none', { ...GOOD, as: 'noise', days: 3, between: '22:00-06:00 Mars/Olympus' }, 'close', 'no time zone'],
  ])('%s', async (_name, body, deciding, sentence) => {
    const before = await count();
    const answer = await post(`/api/findings/aaa1/${deciding}`, body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining(sentence)]);
    expect(await count()).toBe(before);
  });

  test.each(['zz', '%3Cscript%3E', "f1'--", '..%2f..%2fetc', '%E0%A4%A', 'a'.repeat(65), 'f'.repeat(30)])(
    'no finding is called %s',
    async (id) => {
      const answer = await post(`/api/findings/${id}/acknowledge`, GOOD);
      expect([answer.status, answer.body.error]).toEqual([404, expect.stringMatching(/no such finding|no finding begins/)]);
    },
  );

  test('the same beginning of two ids decides nothing', async () => {
    const before = await count();
    const answer = await post('/api/findings/aaa/close', { ...GOOD, as: 'incident' });
    expect([answer.status, answer.body.error, await count()]).toEqual([409, expect.stringContaining('several findings'), before]);
  });

  test('bodies that are too large, no JSON, or of another type', async () => {
    const path = '/api/findings/aaa1/acknowledge';
    expect((await post(path, { ...GOOD, reason: 'x'.repeat(MAX_DECISION_BYTES) })).status).toBe(413);
    expect((await ask('POST', path, { ...DECIDER, ...JSON_TYPE }, '{')).body.error).toBe('the request is not JSON');
    expect((await ask('POST', path, { ...DECIDER, ...JSON_TYPE }, '[]')).body.error).toBe('the request is not a JSON object');
    expect((await ask('POST', path, { ...DECIDER, 'Content-Type': 'text/plain' }, JSON.stringify(GOOD))).status).toBe(415);
    expect((await ask('GET', path, DECIDER)).status).toBe(405);
    expect((await post('/api/findings/aaa1/delete', GOOD)).status).toBe(404);
    expect((await post('/api/findings/aaa1', GOOD)).status).toBe(405);
  });

  test("another site decides nothing, not even with the browser's cookie", async () => {
    const before = await count();
    const cookie = { Cookie: 'cordon_console=decide' };
    const from = (headers: Record<string, string>) =>
      ask('POST', '/api/findings/aaa1/acknowledge', { ...JSON_TYPE, ...cookie, ...headers }, JSON.stringify(GOOD));
    expect((await from({ Origin: ORIGIN, 'X-Cordon-Decision': proof })).status).toBe(403);
    expect((await from({ 'Sec-Fetch-Site': 'cross-site', 'X-Cordon-Decision': proof })).status).toBe(403);
    expect((await from({ 'Sec-Fetch-Site': 'same-site', 'X-Cordon-Decision': proof })).status).toBe(403);
    expect((await from({})).body.error).toContain('reload it');
    expect((await from({ 'X-Cordon-Decision': 'wrong' })).status).toBe(403);
    expect((await from({ Authorization: 'Basic eDp5' })).status).toBe(403);
    const preflight = await ask('OPTIONS', '/api/findings/aaa1/acknowledge', { Origin: ORIGIN, ...DECIDER });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([405, undefined]);
    expect(await count()).toBe(before);
    expect((await from({ 'X-Cordon-Decision': proof })).status, 'our own page').toBe(200);
  });

  test('whoever looks only is told so, may read, and decides nothing', async () => {
    const before = await count();
    const reader = { Authorization: 'Bearer read' };
    expect((await ask('GET', '/api/settings', reader)).body.decisions).toEqual({
      allowed: false,
      why: expect.stringContaining('not decide'),
    });
    expect((await ask('GET', '/api/findings/aaa1', reader)).status).toBe(200);
    const answer = await post('/api/findings/aaa1/acknowledge', GOOD, { ...reader, 'X-Cordon-Decision': proof });
    expect([answer.status, answer.body.error]).toEqual([403, expect.stringContaining('may look and not decide')]);
    const stolen = await post('/api/findings/aaa1/acknowledge', GOOD, { ...reader, Cookie: 'cordon_console=decide' });
    expect([stolen.status, await count()]).toEqual([403, before]);
    expect((await ask('GET', '/api/findings/aaa1', { Authorization: 'Bearer other' })).status).toBe(401);
  });
});
