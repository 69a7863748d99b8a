import type { LineDecoder } from '../contracts.js';
import type { NameSink } from '../names/name-sink.js';
import { createAzureDecoder } from './azure/azure.js';
import { createEveDecoder } from './eve/eve.js';
import { createGcpDecoder } from './gcp/gcp.js';
import { createVpcDecoder } from './vpc/vpc.js';
import { createZeekDecoder } from './zeek/zeek.js';

export interface LogFormatEntry {
  /** What rows have as exportProtocol. */
  readonly protocol: string;
  /** How a file is cut into records (inputs/line-file.ts). A live log is read line by line in any case. */
  readonly framing: 'lines' | 'objects' | 'document';
  /** Logs that tell DNS answers tell them to `names`. */
  createDecoder(sensor: string, names: NameSink): LineDecoder;
}

/** The logs that can be read. */
export const LOG_FORMATS = {
  zeek: { protocol: 'zeek', framing: 'lines', createDecoder: createZeekDecoder },
  eve: { protocol: 'suricata', framing: 'lines', createDecoder: createEveDecoder },
  vpc: { protocol: 'vpcflow', framing: 'objects', createDecoder: createVpcDecoder },
  azure: { protocol: 'azureflow', framing: 'document', createDecoder: createAzureDecoder },
  gcp: { protocol: 'gcpflow', framing: 'objects', createDecoder: createGcpDecoder },
} as const satisfies Record<string, LogFormatEntry>;
export type LogFormat = keyof typeof LOG_FORMATS;
