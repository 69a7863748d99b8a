import type { LineDecoder } from '../contracts.js';
import { createEveDecoder } from './eve/eve.js';
import { createVpcDecoder } from './vpc/vpc.js';
import { createZeekDecoder } from './zeek/zeek.js';

/** The logs that can be read: what their rows have as exportProtocol, and what reads them. */
export const LOG_FORMATS = {
  zeek: { protocol: 'zeek', createDecoder: createZeekDecoder },
  eve: { protocol: 'suricata', createDecoder: createEveDecoder },
  vpc: { protocol: 'vpcflow', createDecoder: createVpcDecoder },
} as const satisfies Record<string, { readonly protocol: string; createDecoder(sensor: string): LineDecoder }>;
export type LogFormat = keyof typeof LOG_FORMATS;
