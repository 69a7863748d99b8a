import type { FlowBatch } from '../../flow/batch.js';
import type { Faults, MessageReport, Origin } from '../contracts.js';
import type { DomainState } from '../templates/store.js';
import type { Template } from '../templates/template.js';
import type { RecordWalker } from './record-walker.js';
import type { MessageClock } from './transform-columns.js';

/** The message in hand. Lives as long as the call of `decode`: the payload is not ours to keep. */
export interface MessageContext {
  readonly bytes: Uint8Array;
  readonly origin: Origin;
  readonly domain: DomainState;
  readonly clock: MessageClock;
  readonly into: FlowBatch;
  readonly report: MessageReport;
  readonly faults: Faults;
  readonly listener?: RecordListener | undefined;
}

/** Sees every data and options record of a message, whole: for those who want all elements, not only what rows keep. */
export interface RecordListener {
  /** `walker` has just walked the record. Nothing may be kept of `message`, `template` is never changed. */
  record(message: MessageContext, template: Template, walker: RecordWalker): void;
}

/** Option of the decoders that read records by their elements. */
export interface ListenerOption {
  readonly listener?: RecordListener;
}
