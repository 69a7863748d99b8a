import type { FlowBatch } from '../../flow/batch.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../contracts.js';
import type { TemplateStore, TemplateStoreOptions } from '../templates/store.js';
import { readU16, readU32 } from './bytes.js';
import { createIpfixDecoder, IPFIX_VERSION } from './ipfix/ipfix.js';
import type { ListenerOption } from './message-context.js';
import { createNetflow1Decoder, NETFLOW1_VERSION } from './netflow1/netflow1.js';
import { createNetflow5Decoder, NETFLOW5_VERSION } from './netflow5/netflow5.js';
import { createNetflow7Decoder, NETFLOW7_VERSION } from './netflow7/netflow7.js';
import { createNetflow9Decoder, NETFLOW9_VERSION } from './netflow9/netflow9.js';
import { resetMessageReport } from './report.js';
import { createSflow5Decoder, SFLOW5_VERSION } from './sflow5/sflow5.js';

export const FORMATS = ['netflow1', 'netflow5', 'netflow7', 'netflow9', 'ipfix', 'sflow5'] as const;
export type Format = (typeof FORMATS)[number];

export interface ExportDecoderOptions extends TemplateStoreOptions, ListenerOption {
  /** One store for NetFlow v9 and IPFIX, to look into and to restore; each makes its own when absent. */
  readonly templates?: TemplateStore;
}

/** All decoders of flow export, by the name that `exportProtocol` carries. */
export const DECODERS = {
  netflow1: (options) => createNetflow1Decoder(options),
  netflow5: (options) => createNetflow5Decoder(options),
  netflow7: (options) => createNetflow7Decoder(options),
  netflow9: (options) => createNetflow9Decoder(options),
  ipfix: (options) => createIpfixDecoder(options),
  sflow5: () => createSflow5Decoder(),
} as const satisfies Record<Format, (options: ExportDecoderOptions) => FlowDecoder>;

const BY_VERSION: ReadonlyMap<number, Format> = new Map([
  [NETFLOW1_VERSION, 'netflow1'],
  [NETFLOW5_VERSION, 'netflow5'],
  [NETFLOW7_VERSION, 'netflow7'],
  [NETFLOW9_VERSION, 'netflow9'],
  [IPFIX_VERSION, 'ipfix'],
]);

/** The format whose version the message begins with: 16 bits, in sFlow 32, whose upper half is 0 where the others have their version. */
export function formatOf(payload: Uint8Array): Format | undefined {
  if (payload.length < 2) return undefined;
  const word = readU16(payload, 0);
  if (word === 0) return payload.length >= 4 && readU32(payload, 0) === SFLOW5_VERSION ? 'sflow5' : undefined;
  return BY_VERSION.get(word);
}

/**
 * Decoder for a port or a capture where exporters of several kinds meet: each payload goes to the decoder of its version.
 * Any other version is the fault 'message-version' and leaves `report.protocol` empty.
 */
export function createExportDecoder(options: ExportDecoderOptions = {}): FlowDecoder {
  const decoders = new Map<Format, FlowDecoder>(FORMATS.map((format) => [format, DECODERS[format](options)]));
  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      const format = formatOf(payload);
      const decoder = format === undefined ? undefined : decoders.get(format);
      if (decoder !== undefined) return decoder.decode(payload, origin, into, report, faults);
      resetMessageReport(report);
      faults.add('message-version');
      return 0;
    },

    endSession(origin) {
      for (const decoder of decoders.values()) decoder.endSession?.(origin);
    },
  };
}
