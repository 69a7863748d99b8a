import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/*
 * NetFlow v5 over UDP, each flow with a number of its own in dOctets, so that every one can be found again.
 *   u16 version · u16 count · u32 sysUpTime · u32 unix_secs · u32 unix_nsecs · u32 flow_sequence · …                     (header)
 *   u32 srcaddr · u32 dstaddr · u32 nexthop · u16 in · u16 out · u32 dPkts · u32 dOctets · u32 first · u32 last · u16 · u16 · …   (record)
 */
const HEADER = 24;
const RECORD = 48;
export const FLOWS_PER_DATAGRAM = 30;
/** SYN, ACK, PSH and FIN: a connection from its beginning to its end. */
const TCP_WHOLE = 0x1b;
const UPTIME_MS = 3_600_000;
/** The scanners of the scenario `port-scanners`, and somebody else. */
const SOURCES = [0x0a280a0b, 0x0a280a0c, 0xc6336407];
const DESTINATION = 0xcb007109;

export interface V5Sender {
  /** Flows sent so far; they are numbered from 1. */
  readonly flows: number;
  /** Sends at an even pace until `stop`. */
  begin(datagramsPerSecond: number): void;
  pause(): Promise<void>;
  /** Sends as fast as it goes. */
  burst(datagrams: number): Promise<void>;
  close(): Promise<void>;
}

/** An exporter on loopback that sends to `port`. */
export async function createV5Sender(port: number): Promise<V5Sender> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  // Nobody listens while the collector is being restarted.
  socket.on('error', () => undefined);
  const startMs = Date.now();
  let flows = 0;
  let timer: NodeJS.Timeout | undefined;
  let pending = 0;

  const send = (): void => {
    const datagram = Buffer.alloc(HEADER + FLOWS_PER_DATAGRAM * RECORD);
    datagram.writeUInt16BE(5, 0);
    datagram.writeUInt16BE(FLOWS_PER_DATAGRAM, 2);
    const nowMs = Date.now();
    datagram.writeUInt32BE(UPTIME_MS + nowMs - startMs, 4);
    datagram.writeUInt32BE(Math.floor(nowMs / 1000), 8);
    datagram.writeUInt32BE((nowMs % 1000) * 1_000_000, 12);
    datagram.writeUInt32BE(flows, 16);
    for (let at = HEADER; at < datagram.length; at += RECORD) {
      datagram.writeUInt32BE(SOURCES[flows % SOURCES.length]!, at);
      datagram.writeUInt32BE(DESTINATION, at + 4);
      datagram.writeUInt32BE(12, at + 16);
      datagram.writeUInt32BE(++flows, at + 20);
      datagram.writeUInt32BE(UPTIME_MS, at + 24);
      datagram.writeUInt32BE(UPTIME_MS, at + 28);
      datagram.writeUInt16BE(40_000, at + 32);
      datagram.writeUInt16BE(443, at + 34);
      datagram.writeUInt8(TCP_WHOLE, at + 37);
      datagram.writeUInt8(6, at + 38);
    }
    pending++;
    socket.send(datagram, port, '127.0.0.1', () => pending--);
  };
  const sent = async (): Promise<void> => {
    while (pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const pause = async (): Promise<void> => {
    clearInterval(timer);
    await sent();
  };

  return {
    get flows() {
      return flows;
    },
    begin(datagramsPerSecond) {
      clearInterval(timer);
      let dueMs = performance.now();
      timer = setInterval(() => {
        const nowMs = performance.now();
        // After a pause of the test's own process it does not make up for it: a burst could overrun the kernel's buffer.
        dueMs = Math.max(dueMs, nowMs - 50);
        for (; dueMs < nowMs; dueMs += 1000 / datagramsPerSecond) send();
      }, 5);
    },
    pause,
    async burst(datagrams) {
      for (let index = 0; index < datagrams; index++) send();
      await sent();
    },
    async close() {
      await pause();
      socket.close();
    },
  };
}
