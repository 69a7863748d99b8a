import kafkajs, { type Admin } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { KafkaAdmin } from '../../../flow/bus/kafka-admin.js';
import { defaultKafkaLimits, type KafkaLimits, silentLog } from '../../../flow/bus/kafka-options.js';
import { ensureTopics } from '../../../flow/bus/kafka-topics.js';

const limits: KafkaLimits = { ...defaultKafkaLimits, requestTimeoutMs: 1_000 };
const protocolError = (type: string, retriable: boolean) =>
  Object.assign(new kafkajs.KafkaJSError(type, { retriable }), { type }) as kafkajs.KafkaJSError;
const notServed = protocolError('UNKNOWN_TOPIC_OR_PARTITION', true);

/** A cluster that answers each question with the errors given for it first. */
function clusterThatMeets(errors: Partial<Record<'creating topics' | 'describing topics', Error[]>>): {
  admin: KafkaAdmin;
  asked: string[];
} {
  const asked: string[] = [];
  const client = {
    listTopics: async () => ['c.coverage'],
    createTopics: async () => true,
    fetchTopicMetadata: async ({ topics }: { topics: string[] }) => ({
      topics: topics.map((name) => ({ name, partitions: name === 'c.flows' ? [{}, {}] : [{}] })),
    }),
  } as unknown as Admin;
  const ask = async <T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> => {
    asked.push(what);
    const error = errors[what as keyof typeof errors]?.shift();
    if (error !== undefined) throw error;
    return question(client);
  };
  return { admin: { ask } as unknown as KafkaAdmin, asked };
}

const names = new Map([
  ['flows', 'c.flows'],
  ['coverage', 'c.coverage'],
] as const);
const options = { brokers: [], topicPrefix: 'c.' };

describe('the topics of a cluster whose broker came back a moment ago', () => {
  it('are asked for again while the broker does not know or lead them', async () => {
    const overAfterRetries = new kafkajs.KafkaJSNumberOfRetriesExceeded(notServed, { retryCount: 2, retryTime: 300 });
    const { admin, asked } = clusterThatMeets({ 'creating topics': [overAfterRetries], 'describing topics': [notServed, notServed] });
    expect(await ensureTopics(admin, names, options, limits, silentLog)).toEqual(
      new Map([
        ['flows', 2],
        ['coverage', 1],
      ]),
    );
    expect(asked.filter((what) => what === 'creating topics')).toHaveLength(2);
    expect(asked.filter((what) => what === 'describing topics')).toHaveLength(3);
  });

  it('are given up at once where asking again cannot help, naming them and the reason', async () => {
    const { admin, asked } = clusterThatMeets({ 'creating topics': [protocolError('TOPIC_AUTHORIZATION_FAILED', false)] });
    await expect(ensureTopics(admin, names, options, limits, silentLog)).rejects.toMatchObject({
      code: 'topic-missing',
      message: expect.stringMatching(/c\.flows.*TOPIC_AUTHORIZATION_FAILED/),
    });
    expect(asked.filter((what) => what === 'creating topics')).toHaveLength(1);
  });

  it('are given up after the time a request may take', async () => {
    const { admin } = clusterThatMeets({ 'describing topics': Array.from({ length: 50 }, () => notServed) });
    await expect(ensureTopics(admin, names, options, limits, silentLog)).rejects.toBe(notServed);
  });
});
