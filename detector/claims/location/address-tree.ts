import { isMappedIPv4, maskAddress, type Prefix } from '../../../flow/address.js';

/*
 * Location data as a binary tree over the bits of an address, as MaxMind DB files keep it. A node is a number:
 *
 *   0 …    an inner node, with a child for bit 0 and one for bit 1
 *   −1     nothing is known of these addresses
 *   −2 …   a leaf: −1 − value
 */
export interface AddressTree {
  readonly nodes: number;
  /** Root of the 128 bits of IPv6. */
  readonly root: number;
  /** Root of the 32 bits of IPv4 where these do not lie in ::ffff:0:0/96. */
  readonly rootOfIPv4: number | undefined;
  child(node: number, bit: number): number;
}

export const NOTHING = -1;

/** Labels of leaves: what claims do not ask for is `other`, what the data does not tell is `unknown`; from `first` on what claims name. */
export const Label = { unknown: 0, other: 1, first: 2 } as const;

/** Bound of what one tree may turn into: a hundred times the space that is unknown to the usual country data. */
export const MAX_PREFIXES = 2_000_000;
const MIXED = -1;
const NOT_KNOWN_YET = -2;
const BITS = 128;
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0);
const MAPPED_BITS = 96;

/** Location data that is not what it should be: a cycle, or a tree deeper than an address is long. */
export class TreeError extends Error {}

/**
 * The prefixes of each label but `other`, as few as possible: subtrees of one label become one prefix. `labelOf` gives the label of a leaf's value.
 * Throws TreeError for trees with circles or more than MAX_PREFIXES such prefixes.
 */
export function prefixesByLabel(tree: AddressTree, labels: number, labelOf: (value: number) => number): Prefix[][] {
  const found: Prefix[][] = Array.from({ length: labels }, () => []);
  const uniform = new Int32Array(tree.nodes).fill(NOT_KNOWN_YET);
  const path = new Uint8Array(16);
  let count = 0;
  const leafLabel = (node: number): number => (node === NOTHING ? Label.unknown : labelOf(-1 - node));
  // The label of all below a node, or MIXED. The depth ends what a hostile file links in circles.
  const labelOfAll = (node: number, depth: number): number => {
    if (node < 0) return leafLabel(node);
    if (depth >= BITS) throw new TreeError('the search tree is deeper than an address is long');
    let label = uniform[node]!;
    if (label !== NOT_KNOWN_YET) return label;
    const zero = labelOfAll(tree.child(node, 0), depth + 1);
    const one = labelOfAll(tree.child(node, 1), depth + 1);
    label = zero === one ? zero : MIXED;
    uniform[node] = label;
    return label;
  };
  const take = (label: number, length: number): void => {
    if (label === Label.other) return;
    count += 1;
    if (count > MAX_PREFIXES) throw new TreeError(`more than ${MAX_PREFIXES} prefixes are named by claims or unknown`);
    found[label]!.push({ bytes: maskAddress(path, length), length });
  };
  const walk = (node: number, depth: number): void => {
    if (depth > BITS) throw new TreeError('the search tree is deeper than an address is long');
    // IPv4 shown a second time inside IPv6 (2001::/32, 2002::/16): what is behind a relay or translator is not known.
    if (node >= 0 && node === tree.rootOfIPv4 && depth !== MAPPED_BITS) return take(Label.unknown, depth);
    const label = node >= 0 && node === tree.rootOfIPv4 ? labelOfAll(node, MAPPED_BITS) : labelOfAll(node, depth);
    if (label !== MIXED) return take(label, depth);
    for (const bit of [0, 1]) {
      setBit(path, depth, bit);
      walk(tree.child(node, bit), depth + 1);
    }
    setBit(path, depth, 0);
  };

  let node = tree.root;
  for (let depth = 0; depth < MAPPED_BITS; depth++) {
    const bit = bitOf(MAPPED, depth);
    setBit(path, depth, 1 - bit);
    // ::/96 holds IPv4 in MaxMind's files: the same addresses as ::ffff:0:0/96, not addresses of their own.
    const beside = childOf(tree, node, 1 - bit);
    if (depth === 80 && tree.rootOfIPv4 !== undefined) take(Label.unknown, depth + 1);
    else walk(beside, depth + 1);
    setBit(path, depth, bit);
    node = childOf(tree, node, bit);
  }
  path.set(MAPPED);
  walk(tree.rootOfIPv4 ?? node, MAPPED_BITS);
  return found;
}

/**
 * The value that the tree has for an address of 16 bytes, undefined where it knows nothing: as prefixesByLabel has it, without walking all.
 * Throws TreeError for trees deeper than an address is long.
 */
export function leafValue(tree: AddressTree, address: Uint8Array): number | undefined {
  const { rootOfIPv4 } = tree;
  const mapped = rootOfIPv4 !== undefined && isMappedIPv4(address);
  let node = mapped ? rootOfIPv4 : tree.root;
  for (let bit = mapped ? MAPPED_BITS : 0; ; bit++) {
    if (node < 0) return node === NOTHING ? undefined : -1 - node;
    // IPv4 shown a second time inside IPv6.
    if (node === rootOfIPv4 && !(mapped && bit === MAPPED_BITS)) return undefined;
    if (bit === BITS) throw new TreeError('the search tree is deeper than an address is long');
    node = tree.child(node, bitOf(address, bit));
  }
}

/** A leaf says the same of both halves of its addresses. */
function childOf(tree: AddressTree, node: number, bit: number): number {
  return node < 0 ? node : tree.child(node, bit);
}

export function bitOf(bytes: Uint8Array, bit: number): number {
  return (bytes[bit >> 3]! >> (7 - (bit & 7))) & 1;
}

function setBit(bytes: Uint8Array, bit: number, value: number): void {
  const mask = 0x80 >> (bit & 7);
  bytes[bit >> 3] = value === 1 ? bytes[bit >> 3]! | mask : bytes[bit >> 3]! & ~mask;
}

/** Makes a tree of prefixes with values from 1; the narrowest prefix tells, of equal ones the last. */
export function treeOfPrefixes(entries: readonly { readonly prefix: Prefix; readonly value: number }[]): AddressTree {
  let children = new Int32Array(1024).fill(NOTHING);
  let nodes = 1;
  const add = (leaf: number): number => {
    if (nodes * 2 === children.length) {
      const wider = new Int32Array(children.length * 2);
      wider.set(children);
      children = wider;
    }
    children[nodes * 2] = leaf;
    children[nodes * 2 + 1] = leaf;
    return nodes++;
  };
  let root = 0;
  // Wide ones first: a narrower one then only ever goes down into leaves.
  const sorted = entries
    .map((entry, order) => ({ ...entry, order }))
    .sort((a, b) => a.prefix.length - b.prefix.length || a.order - b.order);
  for (const { prefix, value } of sorted) {
    if (prefix.length === 0) {
      root = -1 - value;
      continue;
    }
    if (root < 0) root = add(root);
    let node = root;
    for (let depth = 0; depth < prefix.length - 1; depth++) {
      const at = node * 2 + bitOf(prefix.bytes, depth);
      let next = children[at]!;
      if (next < 0) {
        next = add(next);
        children[at] = next;
      }
      node = next;
    }
    children[node * 2 + bitOf(prefix.bytes, prefix.length - 1)] = -1 - value;
  }
  return { nodes, root, rootOfIPv4: undefined, child: (node, bit) => children[node * 2 + bit]! };
}
