import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConsoleError } from './console-error.js';

/**
 * Listens and resolves with the port. When `port` is taken: a free one if `orFree`, else a ConsoleError that says what to do, as for an address
 * that this machine does not have.
 */
export async function listen(server: Server, host: string, port: number, orFree: boolean): Promise<number> {
  try {
    return await listenOnce(server, host, port);
  } catch (error) {
    if (orFree && (error as NodeJS.ErrnoException).code === 'EADDRINUSE') return listenOnce(server, host, 0);
    throw refusal(host, port, error as NodeJS.ErrnoException);
  }
}

function refusal(host: string, port: number, error: NodeJS.ErrnoException): Error {
  const cause = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConsoleError(`the console's port ${port} on ${host} is in use: name another one, or end the program that uses it`, cause);
    case 'EACCES':
      return new ConsoleError(`the console's port ${port} on ${host} may not be opened by this user: name one above 1023`, cause);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ConsoleError(`the console cannot listen on ${host}: this machine has no such address; use 127.0.0.1`, cause);
    default:
      return error;
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
