import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Listens and resolves with the port. When `port` is taken: a free one if `orFree`, else an error that says what to do.
 */
export async function listen(server: Server, host: string, port: number, orFree: boolean): Promise<number> {
  try {
    return await listenOnce(server, host, port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (!orFree) throw new Error(`port ${port} on ${host} is in use: name another one, or end the program that uses it`);
    return listenOnce(server, host, 0);
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(error);
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
