import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { Outbox } from '../../../detector/notifications/outbox.js';
import { createSyslogSender, createWebhookSender } from '../../../detector/notifications/senders.js';
import { hasOpenssl, makeAuthority, makeCertificate, pem } from '../../collector/inputs/certificates.js';
import { HOSTILE, noticeOf } from './support.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listening<S extends Server>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A real receiver of webhooks that answers with these codes, one after another. */
async function webhook(codes: number[]) {
  const got: { headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    got.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(codes.shift() ?? 200, { connection: 'close', location: '/elsewhere' }).end('answer');
  });
  return { url: `http://127.0.0.1:${await listening(server)}/hook?a=b`, got };
}

/** A real syslog receiver over TCP: reads octet-counted frames until the sender closes. */
async function syslogTcp() {
  const got: string[] = [];
  const server = createTcpServer((socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const space = bytes.indexOf(0x20);
      const length = Number(bytes.subarray(0, space).toString());
      expect(bytes.length).toBe(space + 1 + length);
      got.push(bytes.subarray(space + 1).toString());
    });
  });
  return { port: await listening(server), got };
}

const common = { hostname: 'probe', processId: 1, version: '1.2.3', host: '127.0.0.1' } as const;

describe('a webhook', () => {
  it('gets the event as JSON with the token and a key that tells repetitions', async () => {
    const { url, got } = await webhook([]);
    await createWebhookSender({ url, token: 's3cret', version: '1.2.3' })(noticeOf({ asset: HOSTILE }));
    expect(got[0]!.headers).toMatchObject({
      authorization: 'Bearer s3cret',
      'content-type': 'application/json',
      'idempotency-key': 'n'.repeat(32),
    });
    expect(JSON.parse(got[0]!.body)).toMatchObject({ class_uid: 2004, resources: [{ name: HOSTILE }] });
  });

  it('is tried again when it is busy or away, given up when it refuses, and never followed elsewhere', async () => {
    const { url, got } = await webhook([503, 429, 200, 400, 302]);
    const letters: string[] = [];
    const outbox = new Outbox({
      send: createWebhookSender({ url, version: '1' }),
      bury: async (_notice, reason) => void letters.push(reason),
    });
    const notice = noticeOf();
    await outbox.push(notice, 0);
    for (const ms of [0, 1000, 3000]) await outbox.work(ms);
    expect(outbox.counters).toEqual({ sent: 1, failed: 2, dead: 0 });
    await outbox.push({ ...notice, id: '2' }, 0);
    await outbox.work(10_000);
    expect(letters).toEqual(['the receiver refuses it: the webhook answers 400']);
    await outbox.push({ ...notice, id: '3' }, 0);
    await outbox.work(20_000);
    expect([outbox.waiting.length, got.length]).toEqual([1, 5]);
  });

  it('that is not there is an attempt that failed', async () => {
    const { url } = await webhook([]);
    await closing.pop()!();
    await expect(createWebhookSender({ url, version: '1' })(noticeOf())).rejects.toMatchObject({
      permanent: false,
      message: 'ECONNREFUSED',
    });
  });
});

describe('syslog', () => {
  it('over TCP gets one frame for each notice, in OCSF as ASCII JSON', async () => {
    const { port, got } = await syslogTcp();
    const send = createSyslogSender({ ...common, transport: 'tcp', port, format: 'ocsf' });
    await send(noticeOf({ asset: HOSTILE }));
    const [, header, json] = /^(.*? \[origin [^\]]*\]) (.*)$/s.exec(got[0]!)!;
    expect(header).toMatch(/^<133>1 2026-12-03T11:01:00\.000Z probe cordon 1 incident /);
    expect(json).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(json!)).toMatchObject({ class_uid: 2004, resources: [{ name: HOSTILE }] });
  });

  it('over TCP gets CEF in one line, whatever names hold', async () => {
    const { port, got } = await syslogTcp();
    await createSyslogSender({ ...common, transport: 'tcp', port, format: 'cef' })(noticeOf({ asset: HOSTILE, sentence: HOSTILE }));
    expect(got[0]).not.toMatch(/[\r\n]/);
    expect(got[0]).toContain('x\\|CEF:0\\|a\\\\b=c cs1=forged');
    expect(got[0]).toContain('a\\\\b\\=c cs1\\=forged <34>1 - - "]<script>');
  });

  it.skipIf(!hasOpenssl)('over TLS goes to a receiver that the given authority has signed, and to nobody else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cordon-notify-tls-'));
    closing.push(async () => rmSync(folder, { recursive: true, force: true }));
    const authority = makeAuthority(folder, 'siem-ca');
    const { cert, key } = pem(makeCertificate(folder, authority, 'siem', ['IP:127.0.0.1']));
    const got: string[] = [];
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => got.push(chunk.toString()));
    });
    const port = await listening(server);
    const settings = { ...common, transport: 'tls', port, format: 'cef' } as const;
    await createSyslogSender({ ...settings, ca: pem(authority).cert })(noticeOf());
    expect(got.join('')).toMatch(/^\d+ <133>1 /);
    await expect(createSyslogSender(settings)(noticeOf())).rejects.toMatchObject({ permanent: false });
    expect(got.join('').match(/<133>1 /g)).toHaveLength(1);
  });

  it('over TCP counts as sent only when the receiver has closed in order', async () => {
    const rude = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.resetAndDestroy());
    });
    const port = await listening(rude);
    await expect(createSyslogSender({ ...common, transport: 'tcp', port, format: 'cef' })(noticeOf())).rejects.toMatchObject({
      permanent: false,
    });
  });

  it('over UDP gets one datagram, without its evidence where it would be too long', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    closing.push(() => new Promise((resolve) => socket.close(() => resolve(undefined))));
    const many = Array.from({ length: 20 }, (_, index) => ({ id: (index + 16).toString(16), peerAddress: `203.0.113.${index}` }));
    const received = once(socket, 'message') as Promise<[Buffer]>;
    await createSyslogSender({ ...common, transport: 'udp', port: socket.address().port, format: 'ocsf' })(noticeOf(...many));
    const [bytes] = await received;
    const event = JSON.parse(/\] (\{.*)$/s.exec(bytes.toString())![1]!) as object;
    expect(event).toMatchObject({ class_uid: 2004, count: 40 });
    expect(event).not.toHaveProperty('evidences');
  });
});
