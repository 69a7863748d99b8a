import type { Socket } from 'node:dgram';
import type { Log } from '../../flow/service/log.js';
import { type ListenAddress, listenName } from './listen.js';

/** Asks the kernel for a receive buffer of so many octets, and warns when it grants less. */
export function askForBuffer(socket: Socket, listen: ListenAddress, asked: number, log: Log): void {
  try {
    socket.setRecvBufferSize(asked);
  } catch {
    // Linux grants what it may; other systems refuse what is above their limit and leave the buffer as it was.
  }
  // Linux answers with twice what it granted, the other half being its own bookkeeping (socket(7)).
  const granted = process.platform === 'linux' ? socket.getRecvBufferSize() / 2 : socket.getRecvBufferSize();
  if (granted >= asked) return;
  log.warn(
    { ...listen, asked, granted },
    `the receive buffer of ${listenName('UDP', listen)} is ${granted} octets instead of ${asked}; raise it with sysctl -w net.core.rmem_max=${asked}`,
  );
}
