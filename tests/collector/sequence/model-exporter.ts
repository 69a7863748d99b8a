import type { Dialect } from '../../../collector/sequence/dialect.js';
import { field, ip4, recordBytes, set } from '../decoders/build-bytes.js';
import { ipfix, optionsTemplate, template } from '../decoders/build-ipfix.js';
import { netflow5 } from '../decoders/build-netflow5.js';
import { netflow9, optionsTemplate9, template9 } from '../decoders/build-netflow9.js';
import { counterSample, flowSample, rawHeader, sflow5 } from '../decoders/build-sflow5.js';
import { ipv4, SYN, tcp } from '../packets/packet-builder.js';

/** What an exporter speaks; IPFIX in each way of counting that is met in the field. */
export type Speech = 'netflow5' | 'netflow9' | 'sflow5' | `ipfix ${Dialect}`;
export const SPEECHES: readonly Speech[] = [
  'netflow5',
  'netflow9',
  'sflow5',
  'ipfix records-before',
  'ipfix flow-records-before',
  'ipfix flow-records-including',
  'ipfix messages',
];

export const START_MS = 1_796_256_000_000;
/** Between two messages; small enough for messages that change places to stay within the reorder window. */
export const STEP_MS = 1000;
const SAMPLING = 100;

/** One message as the exporter sent it, and all that there is to know of it. */
export interface SentMessage {
  readonly index: number;
  readonly payload: Uint8Array;
  readonly sentMs: number;
  readonly sequence: number;
  /** Its flow records by their octet counts, which are different in the whole stream. */
  readonly flows: readonly number[];
  readonly options: number;
  readonly carriesTemplate: boolean;
}

export interface ModelStream {
  readonly speech: Speech;
  /** Flow records of each message; 0 makes a message of options alone where the protocol has them. */
  readonly sizes: readonly number[];
  readonly firstSequence: number;
  /** Templates come with every tenth message from this one on. */
  readonly templatesFrom: number;
  /** The message before which the exporter restarts; beyond the stream for never. */
  readonly restartAt: number;
  readonly withOptions: boolean;
  /** A template with IPv6 addresses comes with the others up to this message; default 0, never. */
  readonly ipv6Until?: number;
}

const FIELDS = [field(8, 4), field(12, 4), field(1, 4), field(2, 4)];
const IPV6_FIELDS = [field(27, 16), field(28, 16), field(1, 4), field(2, 4)];
const OPTION_FIELDS = [field(149, 4), field(34, 4)];
const SCOPE9 = [field(1, 4)];
const OPTIONS9 = [field(34, 4)];
const PACKET = rawHeader(ipv4('192.0.2.10', '198.51.100.20', 6, tcp(49_152, 443, SYN)), 11);

const record = (octets: number) => recordBytes(FIELDS, [ip4('192.0.2.7'), ip4('198.51.100.9'), octets, 1]);

/** All messages of a stream in the order they were sent. */
export function sendStream(stream: ModelStream): SentMessage[] {
  const state = { sequence: stream.firstSequence, startedMs: START_MS - 3_600_000, samples: [0, 0] };
  let next = 1;
  return stream.sizes.map((size, index) => {
    const sentMs = START_MS + index * STEP_MS;
    if (index === stream.restartAt) Object.assign(state, { sequence: 0, startedMs: sentMs - 500, samples: [0, 0] });
    const count = stream.speech === 'netflow5' ? Math.max(1, size) : size;
    const flows = Array.from({ length: count }, () => next++);
    return build(stream, index, sentMs, flows, state);
  });
}

interface State {
  sequence: number;
  startedMs: number;
  samples: number[];
}

function build(stream: ModelStream, index: number, sentMs: number, flows: number[], state: State): SentMessage {
  const seconds = Math.floor(sentMs / 1000);
  const uptimeMs = sentMs - state.startedMs;
  const carriesTemplate = index >= stream.templatesFrom && (index - stream.templatesFrom) % 10 === 0;
  const hasOptions = stream.withOptions && (index % 4 === 2 || flows.length === 0);
  const options = stream.speech === 'netflow5' || stream.speech === 'sflow5' || !hasOptions ? 0 : 1;
  const base = { index, sentMs, flows, options, carriesTemplate };
  const hasIPv6 = carriesTemplate && index < (stream.ipv6Until ?? 0);
  const count = (units: number) => {
    state.sequence = (state.sequence + units) >>> 0;
  };
  switch (stream.speech) {
    case 'netflow5': {
      const { sequence } = state;
      count(flows.length);
      const records = flows.map((octets) => ({ octets }));
      return { ...base, carriesTemplate: false, sequence, payload: netflow5(records, { seconds, sequence, uptimeMs }) };
    }
    case 'sflow5': {
      const sequence = state.sequence;
      count(1);
      const samples = flows.map((_, n) => {
        const source = n % 2;
        const number = ++state.samples[source]!;
        return flowSample([PACKET], { source: source + 1, sequence: number, rate: SAMPLING, pool: number * SAMPLING });
      });
      const counters = index % 3 === 0 ? [counterSample(index)] : [];
      return { ...base, carriesTemplate: false, sequence, payload: sflow5([...samples, ...counters], { sequence, uptimeMs }) };
    }
    case 'netflow9': {
      const { sequence } = state;
      count(1);
      const sets: Uint8Array[] = [];
      if (carriesTemplate) sets.push(template9(256, FIELDS), optionsTemplate9(257, SCOPE9, OPTIONS9));
      if (hasIPv6) sets.push(template9(258, IPV6_FIELDS));
      if (flows.length > 0) sets.push(set(256, flows.map(record)));
      if (options > 0) sets.push(set(257, [recordBytes([...SCOPE9, ...OPTIONS9], [1, SAMPLING])]));
      const announced = flows.length + options + (carriesTemplate ? 2 : 0) + (hasIPv6 ? 1 : 0);
      return { ...base, sequence, payload: netflow9(sets, { count: announced, seconds, sequence, uptimeMs }) };
    }
    default: {
      const dialect = stream.speech.slice('ipfix '.length) as Dialect;
      const units = dialect === 'messages' ? 1 : dialect === 'records-before' ? flows.length + options : flows.length;
      if (dialect === 'flow-records-including') count(units);
      const { sequence } = state;
      if (dialect !== 'flow-records-including') count(units);
      const sets: Uint8Array[] = [];
      if (carriesTemplate) sets.push(template(256, FIELDS), optionsTemplate(257, OPTION_FIELDS));
      if (hasIPv6) sets.push(template(258, IPV6_FIELDS));
      if (flows.length > 0) sets.push(set(256, flows.map(record)));
      if (options > 0) sets.push(set(257, [recordBytes(OPTION_FIELDS, [0, SAMPLING])]));
      return { ...base, sequence, payload: ipfix(sets, { seconds, sequence }) };
    }
  }
}

/** A message of the same speech with a number of somebody's choice: what a forger sends. */
export function forgedMessage(speech: Speech, sequence: number, sentMs: number): Uint8Array {
  const seconds = Math.floor(sentMs / 1000);
  switch (speech) {
    case 'netflow5':
      return netflow5([{ octets: 0 }], { seconds, sequence, uptimeMs: sentMs - START_MS + 3_600_000 });
    case 'sflow5':
      return sflow5([], { sequence, uptimeMs: sentMs - START_MS + 3_600_000 });
    case 'netflow9':
      return netflow9([set(256, [record(0)])], { count: 1, seconds, sequence, uptimeMs: sentMs - START_MS + 3_600_000 });
    default:
      return ipfix([set(256, [record(0)])], { seconds, sequence });
  }
}
