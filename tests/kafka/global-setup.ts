import { createServer } from 'node:http';
import type { TestProject } from 'vitest/node';
import { kafkaAvailability } from './availability.js';
import { startBroker, type TestBroker } from './broker.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** How the tests reach Kafka: ask `url` for the brokers (the first who asks starts it), or skip for the reason given.
     * `canStart`: Java and Maven are there, so that a test may start a broker of its own to kill. */
    kafka: { readonly url: string; readonly canStart: boolean } | { readonly skip: string };
  }
}

/**
 * One broker for the whole run, started when the first test asks for it, so that a run of unit tests alone does not pay ten seconds.
 * The workers are other processes, hence the small loopback server: GET answers with the brokers as JSON.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const availability = kafkaAvailability(process.env);
  if (availability.kind === 'none') {
    if (process.env.CORDON_NO_KAFKA !== '1') process.stderr.write(`Kafka tests skipped: ${availability.reason}\n`);
    project.provide('kafka', { skip: availability.reason });
    return async () => {};
  }

  let starting: Promise<TestBroker> | undefined;
  const brokers = async (): Promise<string[]> => {
    if (availability.kind === 'given') return availability.brokers;
    starting ??= startBroker();
    return (await starting).brokers;
  };
  const server = createServer((_request, response) => {
    brokers().then(
      (list) => response.end(JSON.stringify(list)),
      (error: unknown) =>
        response.writeHead(500).end(error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)),
    );
  });
  server.requestTimeout = 0; // the first answer waits for Maven and the JVM
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  project.provide('kafka', { url: `http://127.0.0.1:${address.port}/`, canStart: availability.kind === 'own' || availability.canStart });

  return async () => {
    server.closeAllConnections();
    server.close();
    await (await starting?.catch(() => undefined))?.stop();
  };
}
