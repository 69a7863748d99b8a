import { elementKey, scopeKey } from './elements-table.js';
import type { Step } from './plan.js';

/** Length that means "each record says its own" (RFC 7011 §7); H3C uses it in NetFlow v9 too, where RFC 3954 knows no such thing. */
export const VARIABLE_LENGTH = 0xffff;

/** A template as it came, and what was compiled from it. Never changed once stored: a redefinition makes a new one. */
export interface Template {
  readonly id: number;
  readonly isOptions: boolean;
  /** The template record's own bytes, a copy: what tells a refresh from a redefinition. */
  readonly definition: Uint8Array;
  /** One key per field, see `elementKey`; scope fields of NetFlow v9 by `scopeKey`. */
  readonly elements: Float64Array;
  readonly lengths: Uint16Array;
  /** Leading fields that are scope (options templates). */
  readonly scopeFields: number;
  /** Octets of the shortest record: a variable-length field counts its one length octet. The set's rest below this is padding. */
  readonly minimumLength: number;
  /** True when every record has exactly minimumLength octets. */
  readonly isFixed: boolean;
  /** True when its records are read one after the other: of variable length, or with lists or packets inside. */
  readonly isRowByRow: boolean;
  readonly steps: readonly Step[];
  /** False when no field is an end of a flow: its records are counted, they make no rows. */
  readonly carriesFlow: boolean;
  /** True when the template has counters of both directions. */
  readonly isBiflow: boolean;
  /** True when it has IPv4 and IPv6 addresses, of which a record fills one (Huawei). */
  readonly bothFamilies: boolean;
  /** True when its records can tell IPv6 addresses of a flow's ends: by fields of their own, in a list of values, or in the beginning of a packet. */
  readonly carriesIPv6: boolean;
  readonly usesSystemInit: boolean;
  readonly usesBiflowDirection: boolean;
  /** True when a record says how long its flow took (161, 162). */
  readonly usesDuration: boolean;
  readonly usesVrf: boolean;
  readonly usesApplication: boolean;
  /** True when ICMP type and code have fields of their own (176 to 179): then the ports of ICMP hold something else, such as its identifier. */
  readonly tellsIcmp: boolean;
  readonly hasFirewallEvent: boolean;
  /** Fields that hold lists of values or records. */
  readonly lists: readonly ListField[];
  /** The field that holds the beginning of a packet, in templates that tell no IP address themselves. */
  readonly section: SectionField | undefined;
}

export interface ListField {
  readonly field: number;
  readonly kind: 'basicList' | 'subTemplateList' | 'subTemplateMultiList';
}

/** A field that holds the beginning of a packet, and those that tell of it; −1 where the template has none. */
export interface SectionField {
  readonly field: number;
  /** True: from the link header on; false: from the IP header on. */
  readonly isFrame: boolean;
  /** dataLinkFrameSize: the frame's length on the link. */
  readonly frameSize: number;
  /** dataLinkFrameType: 1 Ethernet, 2 IEEE 802.11. */
  readonly frameType: number;
  /** sectionExportedOctets: how much of a field of fixed length is the packet's. */
  readonly exportedOctets: number;
  /** sectionOffset: where in the packet the section begins. */
  readonly offset: number;
}

export interface FieldSpecifiers {
  readonly elements: Float64Array;
  readonly lengths: Uint16Array;
  /** Where the next byte after the specifiers is. */
  readonly end: number;
}

/**
 * Field specifiers of NetFlow v9 (RFC 3954 §5.2): 16 bits of type and 16 of length each. The first `scopeFields` are scope types.
 * Undefined when they run past `end`; checked before memory is taken for them.
 *
 *   0                   1                   2                   3
 *   +-------------------------------+-------------------------------+
 *   |            Field Type         |          Field Length         |
 *   +-------------------------------+-------------------------------+
 */
export function readNetflow9Fields(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  scopeFields: number,
): FieldSpecifiers | undefined {
  if (at + count * 4 > end) return undefined;
  const elements = new Float64Array(count);
  const lengths = new Uint16Array(count);
  for (let field = 0; field < count; field++, at += 4) {
    const type = (bytes[at]! << 8) | bytes[at + 1]!;
    elements[field] = field < scopeFields ? scopeKey(type) : elementKey(0, type);
    lengths[field] = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  return { elements, lengths, end: at };
}

/**
 * Field specifiers of IPFIX (RFC 7011 §3.2), in templates and options templates alike. Undefined when they run past `end`.
 *
 *   +-+-----------------------------+-------------------------------+
 *   |E|  Information Element ident. |        Field Length           |
 *   +-+-----------------------------+-------------------------------+
 *   |                      Enterprise Number (if E)                 |
 *   +---------------------------------------------------------------+
 */
export function readIpfixFields(bytes: Uint8Array, at: number, end: number, count: number): FieldSpecifiers | undefined {
  if (at + count * 4 > end) return undefined;
  const elements = new Float64Array(count);
  const lengths = new Uint16Array(count);
  for (let field = 0; field < count; field++) {
    if (at + 4 > end) return undefined;
    const identifier = (bytes[at]! << 8) | bytes[at + 1]!;
    lengths[field] = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    at += 4;
    if ((identifier & 0x8000) === 0) {
      elements[field] = elementKey(0, identifier);
      continue;
    }
    if (at + 4 > end) return undefined;
    const enterprise = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    elements[field] = elementKey(enterprise, identifier & 0x7fff);
    at += 4;
  }
  return { elements, lengths, end: at };
}
