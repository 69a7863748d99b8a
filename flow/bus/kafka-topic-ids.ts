import type { Socket } from 'node:net';
import type { KafkaClients } from './kafka-client.js';
import { sleep, within } from './timing.js';

/** Metadata v10 is the first with topic ids (KIP-516, Kafka 2.8); kafkajs 2.2.4 ends at v6. */
const metadataKey = 3;
const metadataVersion = 10;
const headerBytes = 4;
/** kafkajs counts its requests from 0 on the same connection: ours is out of its way. */
const correlationId = 0x7fff_fff0;

/** Brokers close the connection on a request of a version that they do not know. */
export class TopicIdsRefused extends Error {}

/** A topic made a moment ago may be unknown to the broker we ask. */
const attempts = 5;
const attemptPauseMs = 300;

/** As fetchTopicIds, tried a few times. */
export async function fetchTopicIdsPatiently(
  clients: KafkaClients,
  names: readonly string[],
  timeoutMs: number,
): Promise<Map<string, string>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fetchTopicIds(clients, names, timeoutMs);
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(attemptPauseMs);
    }
  }
}

/**
 * The id of each topic, which tells a topic from another of the same name that was deleted. kafkajs cannot ask for it, so one request is
 * written by hand on a connection that kafkajs opened, which saves us TLS and SASL. Rejects when the broker is too old, or a topic is missing.
 */
async function fetchTopicIds(clients: KafkaClients, names: readonly string[], timeoutMs: number): Promise<Map<string, string>> {
  const sockets: Socket[] = [];
  const admin = clients.create({ retries: 1 }, { quiet: true, opened: (socket) => sockets.push(socket) }).admin();
  try {
    await within(timeoutMs, admin.connect(), 'connecting');
    const socket = sockets.findLast((candidate) => !candidate.destroyed);
    if (socket === undefined) throw new Error('no connection');
    const response = await within(timeoutMs, exchange(socket, encodeMetadataRequest(names)), 'asking for topic ids');
    const ids = decodeMetadataResponse(response);
    const missing = names.filter((name) => !ids.has(name));
    if (missing.length > 0) throw new Error(`the broker gave no id for ${missing.join(', ')}`);
    return ids;
  } finally {
    for (const socket of sockets) socket.destroy();
    admin.disconnect().catch(() => {});
  }
}

/** Resolves with the response, without its size and correlation id. */
function exchange(socket: Socket, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= headerBytes && received.length >= headerBytes + received.readInt32BE(0)) {
        const end = headerBytes + received.readInt32BE(0);
        const frame = received.subarray(headerBytes, end);
        received = received.subarray(end);
        if (frame.length >= 4 && frame.readInt32BE(0) === correlationId) resolve(frame.subarray(4));
      }
    });
    socket.once('close', () => reject(new TopicIdsRefused('the broker closed the connection')));
    socket.write(request);
  });
}

/**
 * Request header v2, then Metadata Request (Version: 10) => [topics] allow_auto_topic_creation include_cluster_authorized_operations
 * include_topic_authorized_operations _tagged_fields; topics => topic_id name _tagged_fields
 */
function encodeMetadataRequest(names: readonly string[]): Buffer {
  const clientId = 'cordon';
  const head = Buffer.alloc(4 + 2 + 2 + 4 + 2);
  head.writeInt16BE(metadataKey, 4);
  head.writeInt16BE(metadataVersion, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(clientId.length, 12);
  const noTags = Buffer.from([0]);
  const topics = names.flatMap((name) => [Buffer.alloc(16), unsignedVarint(Buffer.byteLength(name) + 1), Buffer.from(name), noTags]);
  const flags = Buffer.from([0, 0, 0]);
  const request = Buffer.concat([head, Buffer.from(clientId), noTags, unsignedVarint(names.length + 1), ...topics, flags, noTags]);
  request.writeInt32BE(request.length - headerBytes, 0);
  return request;
}

/**
 * Response header v1 (tagged fields), then Metadata Response (Version: 10) => throttle_time_ms [brokers] cluster_id controller_id [topics] …
 *   brokers => node_id:int32 host port:int32 rack _tagged_fields
 *   topics => error_code:int16 name topic_id:uuid is_internal:bool [partitions] topic_authorized_operations:int32 _tagged_fields
 *   partitions => error_code:int16 partition_index:int32 leader_id:int32 leader_epoch:int32 [replicas] [isr] [offline] _tagged_fields
 */
export function decodeMetadataResponse(bytes: Buffer): Map<string, string> {
  const reader = new CompactReader(bytes);
  reader.tags();
  reader.skip(4);
  for (let brokers = reader.count(); brokers > 0; brokers--) {
    reader.skip(4);
    reader.string();
    reader.skip(4);
    reader.string();
    reader.tags();
  }
  reader.string();
  reader.skip(4);
  const ids = new Map<string, string>();
  for (let topics = reader.count(); topics > 0; topics--) {
    const errorCode = reader.int16();
    const name = reader.string();
    const id = reader.take(16);
    reader.skip(1);
    for (let partitions = reader.count(); partitions > 0; partitions--) {
      reader.skip(2 + 4 + 4 + 4);
      for (let list = 0; list < 3; list++) reader.skip(4 * reader.count());
      reader.tags();
    }
    reader.skip(4);
    reader.tags();
    if (errorCode === 0) ids.set(name, id.toString('base64url'));
  }
  return ids;
}

/** Kafka's "flexible" encoding: lengths are unsigned varints, one too large, 0 for null. Reading past the end throws. */
class CompactReader {
  #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the response ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  skip(length: number): void {
    this.take(length);
  }

  int16(): number {
    return this.take(2).readInt16BE(0);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.take(1)[0]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a length of more than five bytes');
  }

  /** Elements of an array, or bytes of a string. */
  count(): number {
    return Math.max(0, this.varint() - 1);
  }

  string(): string {
    return this.take(this.count()).toString();
  }

  tags(): void {
    for (let fields = this.varint(); fields > 0; fields--) {
      this.varint();
      this.skip(this.varint());
    }
  }
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
