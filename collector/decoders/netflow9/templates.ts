import type { TemplateStore } from '../../templates/store.js';
import { readNetflow9Fields } from '../../templates/template.js';
import { readU16 } from '../bytes.js';
import type { MessageContext } from '../message-context.js';
import { defineTemplate, type SetDialect } from '../sets.js';

const SPECIFIER_OCTETS = 4;

/** Template records of NetFlow v9. There is no withdrawal in this protocol: a template without fields is refused. */
export function netflow9Dialect(store: TemplateStore): SetDialect {
  return {
    templateSetId: 0,
    optionsTemplateSetId: 1,

    /**
     * RFC 3954 §5.2:
     *   +-------------------------------+-------------------------------+
     *   |          Template ID          |          Field Count          |
     *   +-------------------------------+-------------------------------+
     *   then Field Count specifiers
     */
    readTemplate(message: MessageContext, at: number, end: number): number {
      const id = readU16(message.bytes, at);
      const count = readU16(message.bytes, at + 2);
      const fields = readNetflow9Fields(message.bytes, at + 4, end, count, 0);
      return defineTemplate(store, message, { id, isOptions: false, scopeFields: 0 }, at, fields);
    },

    /**
     * RFC 3954 §6.1; both lengths are octets of specifiers, so multiples of four:
     *   +-------------------------------+-------------------------------+-------------------------------+
     *   |          Template ID          |      Option Scope Length      |         Option Length         |
     *   +-------------------------------+-------------------------------+-------------------------------+
     *   then the scope specifiers, then the option specifiers
     */
    readOptionsTemplate(message: MessageContext, at: number, end: number): number {
      if (end - at < 6) return -1;
      const id = readU16(message.bytes, at);
      const scopeOctets = readU16(message.bytes, at + 2);
      const optionOctets = readU16(message.bytes, at + 4);
      if (scopeOctets % SPECIFIER_OCTETS !== 0 || optionOctets % SPECIFIER_OCTETS !== 0) return -1;
      const scopeFields = scopeOctets / SPECIFIER_OCTETS;
      const count = scopeFields + optionOctets / SPECIFIER_OCTETS;
      const fields = readNetflow9Fields(message.bytes, at + 6, end, count, scopeFields);
      return defineTemplate(store, message, { id, isOptions: true, scopeFields }, at, fields);
    },
  };
}
