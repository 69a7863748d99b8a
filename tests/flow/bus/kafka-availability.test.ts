import { describe, expect, it } from 'vitest';
import { kafkaAvailability } from '../../kafka/availability.js';

describe('whether the Kafka tests run', () => {
  const nothing = { PATH: '/nonexistent' };

  it('uses the broker it is given', () => {
    expect(kafkaAvailability({ ...nothing, KAFKA_BROKERS: 'a:9092, b:9092' })).toEqual({
      kind: 'given',
      brokers: ['a:9092', 'b:9092'],
      canStart: false,
    });
  });

  it('starts none when asked for none, whatever else is set', () => {
    expect(kafkaAvailability({ ...nothing, CORDON_NO_KAFKA: '1', CI: 'true' }).kind).toBe('none');
  });

  it('skips without Java and Maven, naming both and the way out', () => {
    const availability = kafkaAvailability(nothing);
    expect(availability).toMatchObject({ kind: 'none', reason: expect.stringMatching(/java and mvn.*KAFKA_BROKERS/) });
  });

  it('fails without them where the tests must be complete', () => {
    expect(() => kafkaAvailability({ ...nothing, CI: 'true' })).toThrow(/java and mvn/);
    expect(() => kafkaAvailability({ ...nothing, CORDON_REQUIRE_KAFKA: '1' })).toThrow(/apt-get install/);
  });
});
