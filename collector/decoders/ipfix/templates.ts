import type { TemplateStore } from '../../templates/store.js';
import { readIpfixFields } from '../../templates/template.js';
import { readU16 } from '../bytes.js';
import type { MessageContext } from '../message-context.js';
import { defineTemplate, type SetDialect } from '../sets.js';

const TEMPLATE_SET = 2;
const OPTIONS_TEMPLATE_SET = 3;
const WITHDRAWAL_OCTETS = 4;

/** Template records of IPFIX (RFC 7011 §3.4.1, §3.4.2). */
export function ipfixDialect(store: TemplateStore): SetDialect {
  /**
   * A field count of zero withdraws the template, or all of its kind where the id is the set's own (RFC 7011 §8.1). Over UDP, where
   * anybody can send one and order is not kept, it is ignored as §8.4 demands; so it is in captures, which hold UDP.
   */
  function withdraw({ origin, domain, faults }: MessageContext, id: number, isOptions: boolean, at: number): number {
    if (origin.transport !== 'tcp' && origin.transport !== 'tls') faults.add('template-empty');
    else if (id === (isOptions ? OPTIONS_TEMPLATE_SET : TEMPLATE_SET)) store.withdrawAll(domain, isOptions);
    else store.withdraw(domain, id);
    return at + WITHDRAWAL_OCTETS;
  }

  return {
    templateSetId: TEMPLATE_SET,
    optionsTemplateSetId: OPTIONS_TEMPLATE_SET,

    /**
     *   +-------------------------------+-------------------------------+
     *   |      Template ID (> 255)      |         Field Count           |
     *   +-------------------------------+-------------------------------+
     *   then Field Count specifiers
     */
    readTemplate(message: MessageContext, at: number, end: number): number {
      const id = readU16(message.bytes, at);
      const count = readU16(message.bytes, at + 2);
      if (count === 0) return withdraw(message, id, false, at);
      const fields = readIpfixFields(message.bytes, at + 4, end, count);
      return defineTemplate(store, message, { id, isOptions: false, scopeFields: 0 }, at, fields);
    },

    /**
     *   +-------------------------------+-------------------------------+-------------------------------+
     *   |      Template ID (> 255)      |         Field Count           |      Scope Field Count        |
     *   +-------------------------------+-------------------------------+-------------------------------+
     *   then Field Count specifiers, of which the first Scope Field Count are the scope
     */
    readOptionsTemplate(message: MessageContext, at: number, end: number): number {
      const id = readU16(message.bytes, at);
      const count = readU16(message.bytes, at + 2);
      if (count === 0) return withdraw(message, id, true, at);
      if (end - at < 6) return -1;
      const scopeFields = readU16(message.bytes, at + 4);
      if (scopeFields > count) return -1;
      const fields = readIpfixFields(message.bytes, at + 6, end, count);
      return defineTemplate(store, message, { id, isOptions: true, scopeFields }, at, fields);
    },
  };
}
