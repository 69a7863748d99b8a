import { connect, createServer, type Socket } from 'node:net';

/** Kafka's number for Fetch requests (https://kafka.apache.org/protocol.html#protocol_api_keys). */
const fetchKey = 1;

/** A TCP proxy in front of a broker that can let Fetch requests fall into a hole, while everything else is answered. */
export interface FetchProxy {
  readonly port: number;
  /** While true, a connection that sends a Fetch request gets no answer any more. */
  swallowFetches: boolean;
  /** How many connections fell silent. */
  readonly swallowed: number;
  close(): Promise<void>;
}

export async function startFetchProxy(targetPort: number): Promise<FetchProxy> {
  const sockets = new Set<Socket>();
  const state = { swallowFetches: false, swallowed: 0 };
  const server = createServer((client) => {
    const broker = connect(targetPort, '127.0.0.1');
    let silent = false;
    const requests = createFrameReader((apiKey) => {
      if (apiKey !== fetchKey || !state.swallowFetches || silent) return;
      silent = true;
      state.swallowed += 1;
    });
    client.on('data', (chunk: Buffer) => {
      requests(chunk);
      if (!silent) broker.write(chunk);
    });
    broker.on('data', (chunk: Buffer) => {
      if (!silent) client.write(chunk);
    });
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    get swallowFetches() {
      return state.swallowFetches;
    },
    set swallowFetches(value) {
      state.swallowFetches = value;
    },
    get swallowed() {
      return state.swallowed;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Requests are `size:int32 apiKey:int16 …`; tells the key of each, however the bytes are cut. */
function createFrameReader(seen: (apiKey: number) => void): (chunk: Buffer) => void {
  let head = Buffer.alloc(0);
  let skip = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (skip > 0) {
        const step = Math.min(skip, rest.length);
        skip -= step;
        rest = rest.subarray(step);
        continue;
      }
      const need = 6 - head.length;
      head = Buffer.concat([head, rest.subarray(0, need)]);
      rest = rest.subarray(need);
      if (head.length < 6) return;
      seen(head.readInt16BE(4));
      skip = head.readInt32BE(0) - 2;
      head = Buffer.alloc(0);
    }
  };
}
