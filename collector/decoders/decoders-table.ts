import type { FlowBatch } from '../../flow/batch.js';
import type { Faults, FlowDecoder, MessageReport, Origin } from '../contracts.js';
import type { TemplateStoreOptions } from '../templates/store.js';
import { readU16 } from './bytes.js';
import { createIpfixDecoder, IPFIX_VERSION } from './ipfix/ipfix.js';
import { createNetflow5Decoder, NETFLOW5_VERSION } from './netflow5/netflow5.js';
import { createNetflow9Decoder, NETFLOW9_VERSION } from './netflow9/netflow9.js';
import { resetMessageReport } from './report.js';

export const EXPORT_FORMATS = ['netflow5', 'netflow9', 'ipfix'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type ExportDecoderOptions = TemplateStoreOptions;

/** All decoders of flow export, by the name that `exportProtocol` carries. */
export const DECODERS = {
  netflow5: () => createNetflow5Decoder(),
  netflow9: (options) => createNetflow9Decoder(options),
  ipfix: (options) => createIpfixDecoder(options),
} as const satisfies Record<ExportFormat, (options: ExportDecoderOptions) => FlowDecoder>;

/** The version word that each format's messages begin with. */
export const EXPORT_VERSIONS = {
  netflow5: NETFLOW5_VERSION,
  netflow9: NETFLOW9_VERSION,
  ipfix: IPFIX_VERSION,
} as const satisfies Record<ExportFormat, number>;

/**
 * Decoder for a port or a capture where exporters of several kinds meet: each payload goes to the decoder of its version word.
 * Any other version is the fault 'message-version' and leaves `report.protocol` empty.
 */
export function createExportDecoder(options: ExportDecoderOptions = {}): FlowDecoder {
  const byVersion = new Map<number, FlowDecoder>(EXPORT_FORMATS.map((format) => [EXPORT_VERSIONS[format], DECODERS[format](options)]));
  return {
    decode(payload: Uint8Array, origin: Origin, into: FlowBatch, report: MessageReport, faults: Faults): number {
      const decoder = payload.length < 2 ? undefined : byVersion.get(readU16(payload, 0));
      if (decoder !== undefined) return decoder.decode(payload, origin, into, report, faults);
      resetMessageReport(report);
      faults.add('message-version');
      return 0;
    },
  };
}
