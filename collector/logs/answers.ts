import { isMappedIPv4 } from '../../flow/address.js';
import type { NameSink } from '../names/name-sink.js';
import { TextScratch } from './json-line.js';
import { readAddress } from './text-fields.js';

/** Records of one answer that are looked at: a message over TCP could hold thousands. */
export const MAX_ANSWERS = 1024;

/** One record of an answer as logs have it: what it says, as text, and its TTL in seconds. */
export interface AnswerRecord {
  readonly data: string;
  readonly ttlSeconds: number;
}

/** Tells a name table what a log says that a client was answered. */
export interface AnswerTeller {
  /**
   * The records that `client` got for `query` at `ms`. Records that are addresses are told; the others are taken for the chain of CNAMEs between, whose
   * smallest TTL bounds that of the addresses. What a group was told (multicast DNS, LLMNR: `server` is a group) is no answer to one client.
   */
  answer(client: string, server: string, query: string, records: readonly AnswerRecord[], ms: number): void;
}

export function createAnswerTeller(names: NameSink): AnswerTeller {
  const text = new TextScratch();
  const client = new Uint8Array(16);
  const address = new Uint8Array(16);
  const read = (value: string, into: Uint8Array): boolean => {
    text.set(value);
    return readAddress(text.bytes, 0, text.length, into, 0);
  };

  return {
    answer(clientText, server, query, records, ms) {
      if (query === '' || records.length === 0) return;
      if (!read(server, client) || isGroup(client)) return;
      if (!read(clientText, client) || isGroup(client)) return;
      const count = Math.min(records.length, MAX_ANSWERS);
      let chain = Number.POSITIVE_INFINITY;
      for (let i = 0; i < count; i++) if (!read(records[i]!.data, address)) chain = Math.min(chain, records[i]!.ttlSeconds);
      for (let i = 0; i < count; i++) {
        const { data, ttlSeconds } = records[i]!;
        if (read(data, address)) names.answer(client, 0, address, 0, query, Math.min(chain, ttlSeconds), ms);
      }
    },
  };
}

function isGroup(address: Uint8Array): boolean {
  return isMappedIPv4(address) ? address[12]! >= 224 : address[0] === 0xff;
}
