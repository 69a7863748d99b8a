import type { ElementType } from './element-types.js';
import { elementKey, REVERSE_PEN, SCOPE_ENTERPRISE } from './elements-table.js';
import { enterpriseElements } from './enterprise-elements-table.js';
import { ianaElements } from './iana-elements-table.js';
import type { UserElement } from './user-elements.js';

export interface NamedElement {
  readonly name: string;
  readonly type: ElementType;
}

/** Names and types of elements, by key. */
export interface ElementRegistry {
  /** An element nobody has named is called `enterprise:id`, and is octets. */
  of(key: number): NamedElement;
}

const CERT_PEN = 6871;
const CERT_REVERSE = 0x4000;
const CISCO_PEN = 9;
const ENTERPRISE_BIT = 0x8000;

/** Scope types of NetFlow v9 (RFC 3954 §6.1). */
const SCOPES = ['scopeSystem', 'scopeInterface', 'scopeLineCard', 'scopeNetflowCache', 'scopeTemplate'] as const;

/** The IANA registry, makers' elements that are known, and before both the user's own. */
export function createElementRegistry(user: readonly UserElement[] = []): ElementRegistry {
  const known = new Map<number, NamedElement>();
  for (const { id, name, type } of ianaElements()) {
    known.set(elementKey(0, id), { name, type });
    known.set(elementKey(REVERSE_PEN, id), { name: reverseName(name), type });
  }
  for (const { pen, id, name, type } of enterpriseElements()) {
    known.set(elementKey(pen, id), { name, type });
    if (pen === CERT_PEN) known.set(elementKey(pen, id | CERT_REVERSE), { name: reverseName(name), type });
    // NetFlow v9 has no enterprise numbers: Cisco sends the enterprise bit as part of the type.
    if (pen === CISCO_PEN) known.set(elementKey(0, id | ENTERPRISE_BIT), { name, type });
  }
  SCOPES.forEach((name, index) => {
    known.set(elementKey(SCOPE_ENTERPRISE, index + 1), { name, type: 'unsigned64' });
  });
  for (const { pen, id, name, type } of user) known.set(elementKey(pen, id), { name, type });
  return { of: (key) => known.get(key) ?? { name: plainName(key), type: 'octetArray' } };
}

/** RFC 5103 §6.1: the name of the forward element behind `reverse`. */
function reverseName(name: string): string {
  return `reverse${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function plainName(key: number): string {
  const enterprise = Math.floor(key / 65_536);
  return `${enterprise === SCOPE_ENTERPRISE ? 'scope' : enterprise}:${key % 65_536}`;
}
