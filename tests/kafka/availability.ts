import { spawnSync } from 'node:child_process';

/** Where the Kafka of this run is, or why there is none. */
export type KafkaAvailability =
  | { readonly kind: 'given'; readonly brokers: string[]; readonly canStart: boolean }
  | { readonly kind: 'own' }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * `KAFKA_BROKERS` names another broker; `CORDON_NO_KAFKA=1` asks for none (`npm run check`); else we start our own, which needs Java and
 * Maven. Where the tests must be complete (`CI=true`, `CORDON_REQUIRE_KAFKA=1`), a missing tool is an error and not a skip.
 */
export function kafkaAvailability(environment: NodeJS.ProcessEnv): KafkaAvailability {
  if (environment.CORDON_NO_KAFKA === '1') return { kind: 'none', reason: 'CORDON_NO_KAFKA=1' };
  const given = environment.KAFKA_BROKERS?.split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (given !== undefined && given.length > 0) return { kind: 'given', brokers: given, canStart: missingTools(environment).length === 0 };

  const missing = missingTools(environment);
  if (missing.length === 0) return { kind: 'own' };
  const tools = missing.join(' and ');
  if (environment.CI === 'true' || environment.CORDON_REQUIRE_KAFKA === '1') {
    throw new Error(
      `the Kafka tests must run here, and ${tools} cannot be run: apt-get install openjdk-17-jre-headless maven, or set KAFKA_BROKERS`,
    );
  }
  return { kind: 'none', reason: `${tools} not found; install Java 17 and Maven, or set KAFKA_BROKERS=host:port` };
}

function missingTools(environment: NodeJS.ProcessEnv): string[] {
  return ['java', 'mvn'].filter((tool) => spawnSync(tool, ['-version'], { stdio: 'ignore', env: environment }).status !== 0);
}
