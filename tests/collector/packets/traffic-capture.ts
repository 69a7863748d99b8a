import { closeSync, openSync, writeSync } from 'node:fs';

/*
 * A capture of plausible traffic for measuring, by arithmetic alone: the same packets every time. Twenty thousand sessions at once, whose
 * packets come in trains of one to eight; TCP with handshake, data of realistic sizes and FIN, UDP question and answer, some ICMP; cut at
 * a snaplen.
 */

const SNAP_LENGTH = 128;
const START_SECONDS = 1_796_256_000;
const CONCURRENT = 20_000;
const FLUSH_OCTETS = 1 << 20;

interface Session {
  client: number;
  server: number;
  clientPort: number;
  serverPort: number;
  protocol: number;
  step: number;
  steps: number;
}

/** Writes the capture and answers what it holds. */
export function writeTrafficCapture(path: string, packets: number): { packets: number; flows: number; octets: number } {
  const file = openSync(path, 'w');
  const buffer = Buffer.alloc(FLUSH_OCTETS + 4096);
  let at = 0;
  for (const word of [0xa1b2c3d4, 0x00040002, 0, 0, SNAP_LENGTH, 1]) at = buffer.writeUInt32LE(word, at);
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let flows = 0;
  const open = (): Session => {
    flows++;
    const kind = random(100);
    return {
      client: 0x0a_00_00_00 + random(65_536),
      server: 0x0a_01_00_00 + random(2048),
      clientPort: 1024 + random(60_000),
      serverPort: [443, 445, 53, 22, 5432][random(5)]!,
      protocol: kind < 80 ? 6 : kind < 98 ? 17 : 1,
      step: 0,
      steps: kind < 80 ? 6 + (random(20) === 0 ? random(300) : random(24)) : 2,
    };
  };
  const sessions = Array.from({ length: Math.min(CONCURRENT, Math.max(1, packets >> 3)) }, open);
  let octets = 0;
  let slot = 0;
  let train = 0;
  for (let number = 0; number < packets; number++) {
    if (train === 0) {
      slot = random(sessions.length);
      train = 1 + random(8);
    }
    train--;
    const session = sessions[slot]!;
    const forward = session.step % 2 === 0;
    const data = session.protocol === 6 && session.step > 2 && session.step < session.steps - 2 && (!forward || random(3) === 0);
    const payload = session.protocol === 6 ? (data ? 1448 : 0) : 40 + random(200);
    const ipLength = 20 + (session.protocol === 6 ? 32 : 8) + payload;
    const original = 14 + ipLength;
    const captured = Math.min(original, SNAP_LENGTH);
    octets += original;
    at = buffer.writeUInt32LE(START_SECONDS + Math.floor(number / 10_000), at);
    at = buffer.writeUInt32LE((number % 10_000) * 100, at);
    at = buffer.writeUInt32LE(captured, at);
    at = buffer.writeUInt32LE(original, at);
    writePacket(buffer, at, session, forward, ipLength);
    at += captured;
    session.step++;
    if (session.step >= session.steps) sessions[slot] = open();
    if (at >= FLUSH_OCTETS) {
      writeSync(file, buffer, 0, at);
      at = 0;
    }
  }
  writeSync(file, buffer, 0, at);
  closeSync(file);
  return { packets, flows, octets };
}

function writePacket(buffer: Buffer, offset: number, session: Session, forward: boolean, ipLength: number): void {
  buffer.fill(0, offset, offset + SNAP_LENGTH);
  buffer.writeUInt32BE(0x02005e00, offset);
  buffer.writeUInt32BE(0x02005e01, offset + 6);
  buffer.writeUInt16BE(0x0800, offset + 12);
  buffer[offset + 14] = 0x45;
  buffer.writeUInt16BE(ipLength, offset + 16);
  buffer[offset + 22] = 64;
  buffer[offset + 23] = session.protocol;
  buffer.writeUInt32BE(forward ? session.client : session.server, offset + 26);
  buffer.writeUInt32BE(forward ? session.server : session.client, offset + 30);
  if (session.protocol === 1) {
    buffer[offset + 34] = forward ? 8 : 0;
    return;
  }
  buffer.writeUInt16BE(forward ? session.clientPort : session.serverPort, offset + 34);
  buffer.writeUInt16BE(forward ? session.serverPort : session.clientPort, offset + 36);
  if (session.protocol === 17) return;
  buffer[offset + 46] = 0x80;
  const fin = session.step >= session.steps - 2 ? 0x01 : 0;
  buffer[offset + 47] = session.step === 0 ? 0x02 : session.step === 1 ? 0x12 : 0x10 | fin;
}
