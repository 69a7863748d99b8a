import kafkajs, { type Kafka } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { KafkaAdmin } from '../../../flow/bus/kafka-admin.js';
import type { KafkaClients } from '../../../flow/bus/kafka-client.js';
import { defaultKafkaLimits } from '../../../flow/bus/kafka-options.js';

const limits = { ...defaultKafkaLimits, requestTimeoutMs: 1_000 };

function protocolError(type: string, retriable: boolean): Error {
  return new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 6, retriable }));
}
const noLeader = protocolError('NOT_LEADER_FOR_PARTITION', true);

/** An admin of a cluster that answers the first questions with these errors. */
function adminOf(errors: Error[]): { readonly admin: KafkaAdmin; readonly asked: () => number } {
  let asked = 0;
  const answer = async () => {
    asked += 1;
    const error = errors.shift();
    if (error !== undefined) throw error;
    return [{ partition: 0, low: '3', high: '8' }];
  };
  const client = { connect: async () => undefined, disconnect: async () => undefined, fetchTopicOffsets: answer };
  const ignore = () => undefined;
  const clients: KafkaClients = { create: () => ({ admin: () => client }) as unknown as Kafka, cutSockets: ignore, close: ignore };
  return { admin: new KafkaAdmin(clients, limits), asked: () => asked };
}

describe('questions to a broker that came back a moment ago', () => {
  it('are asked again while the broker does not lead what they are about', async () => {
    const afterRetries = new kafkajs.KafkaJSNumberOfRetriesExceeded(noLeader, { retryCount: 2, retryTime: 300 });
    const { admin, asked } = adminOf([noLeader, afterRetries]);
    expect(await admin.ends('flows')).toEqual([{ low: 3, high: 8 }]);
    expect(asked()).toBe(3);
  });

  it('end at once where asking again cannot help', async () => {
    const refused = protocolError('TOPIC_AUTHORIZATION_FAILED', false);
    const { admin, asked } = adminOf([refused]);
    await expect(admin.ends('flows')).rejects.toBe(refused);
    expect(asked()).toBe(1);
  });

  it('end after the time a request may take, and when the bus is closed', async () => {
    await expect(adminOf(Array.from({ length: 50 }, () => noLeader)).admin.ends('flows')).rejects.toBe(noLeader);
    const { admin, asked } = adminOf(Array.from({ length: 50 }, () => noLeader));
    const ends = expect(admin.ends('flows')).rejects.toBe(noLeader);
    await admin.close();
    await ends;
    expect(asked()).toBe(1);
  });
});
