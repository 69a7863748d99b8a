import type { SubscribeOptions } from './bus.js';

/** What one `messages` call gets at most, of Kafka as in process: enough to work in bulk, little enough to stay responsive. */
export interface BatchLimits {
  readonly messages: number;
  readonly bytes: number;
}

const USUAL: BatchLimits = { messages: 64, bytes: 8 << 20 };

/** Who asks for more bytes gets as many more messages. */
export function batchLimitsOf({ batchBytes = USUAL.bytes }: SubscribeOptions): BatchLimits {
  return { messages: Math.max(USUAL.messages, Math.ceil((USUAL.messages * batchBytes) / USUAL.bytes)), bytes: batchBytes };
}
