import { BusError, type OutgoingMessage, type Topic } from './bus.js';

/**
 * Value and headers together. Below the 1 048 588 bytes that a Kafka broker accepts by default (`message.max.bytes`), with room for
 * Kafka's own framing, so that a message that fits here fits everywhere; a frame is at most 900 KB (design.md §5).
 */
export const defaultMaxMessageBytes = 1_000_000;

/** Kafka keeps at most this much with a commit (`offset.metadata.max.bytes`). */
export const maxMetadataBytes = 4096;

/** What a message weighs against the limits: value, header names and header values. */
export function messageBytes(message: OutgoingMessage): number {
  let bytes = message.value.byteLength;
  for (const name in message.headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(message.headers[name]!);
  return bytes;
}

export function checkMessageSize(topic: Topic, message: OutgoingMessage, maxMessageBytes: number): number {
  const bytes = messageBytes(message);
  if (bytes > maxMessageBytes) {
    throw new BusError(
      'message-too-large',
      `a message of ${bytes} bytes for ${topic} is over the limit of ${maxMessageBytes}: publish smaller frames`,
    );
  }
  return bytes;
}

export function checkMetadata(metadata: string): void {
  const bytes = Buffer.byteLength(metadata);
  if (bytes > maxMetadataBytes) throw new RangeError(`commit metadata of ${bytes} bytes is over the limit of ${maxMetadataBytes}`);
}
