import { hasAtom } from '../claims/address-space.js';
import type { CompiledClaim } from '../claims/compiled.js';
import type { RuleText } from '../claims/file-types.js';
import type { PortRange } from '../claims/ports.js';
import { portRanges } from '../claims/rules.js';
import { Began } from '../detections/observed-record.js';
import { type AddressRange, complement, prefixesOfRanges, type RefinedRange, refine } from './address-ranges.js';
import { cellState, createStates, sameState, stateWords } from './cell-state.js';
import { type OtherChange, otherChanges } from './diff-text.js';
import { type CellState, UNNAMED } from './exchange-state.js';
import type { PlacedClaims } from './placed-claims.js';

/** Traffic that a claim treats differently in two files. */
export interface TrafficChange {
  readonly fleet: string;
  readonly claim: string;
  /** `allowed`: more may pass than before; `forbidden`: less; `changed`: other windows, budgets or exceptions. */
  readonly change: 'allowed' | 'forbidden' | 'changed';
  readonly before: string;
  readonly after: string;
  /** Prefixes, 'internet' or 'any'; with `except`, everything but these. */
  readonly peers: readonly string[];
  readonly except: boolean;
  /** 'tcp/445', 'tcp/8000-8099', 'udp', 'other protocols', or 'any'. The responder's. */
  readonly ports: readonly string[];
  readonly initiator: 'subject' | 'peer' | 'any';
  /** Addresses of the fleet that it is about; all where it is left out. */
  readonly subjects?: readonly string[];
}

export interface ClaimsDifference {
  readonly traffic: readonly TrafficChange[];
  readonly other: readonly OtherChange[];
}

/** A range of responder's ports of one protocol within which no rule of either file tells ports apart. */
interface PortCell {
  readonly protocol: number;
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

const NAMED_PROTOCOLS = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmpv6: 58, gre: 47, esp: 50 } as const;
/** Stands for every protocol that no rule can name (RFC 3692 experimental). */
const OTHER_PROTOCOL = 253;

/**
 * What two claim files say differently, in terms of traffic: computed on the common refinement of their address ranges, ports, initiators and windows, with the
 * plans that judging uses. Peers by name and MAC address are no ranges: their changes are among `other`.
 */
export function diffClaims(a: PlacedClaims, b: PlacedClaims): ClaimsDifference {
  const ranges = refine(a.compilation.space, b.compilation.space);
  const cells = portCells([...rulesOf(a), ...rulesOf(b)]);
  const fleets = [...new Set([...a.claims.fleets, ...b.claims.fleets].map(({ name }) => name))];
  const words = createPeerWords(ranges, a, b);
  return { traffic: fleets.flatMap((fleet) => diffFleet(fleet, a, b, ranges, cells, words)), other: otherChanges(a, b) };
}

function rulesOf({ set }: PlacedClaims): RuleText[] {
  const ofClaims = set.claims.flatMap(({ value: { assert } }) => [
    ...(assert.only ?? []),
    ...(assert.never ?? []),
    ...(assert.authorised ?? []),
    ...(assert.budget ?? []),
    ...(assert.works_without === undefined ? [] : [assert.works_without.alive]),
    ...(assert.via === undefined ? [] : [assert.via.to]),
  ]);
  return [...ofClaims, ...set.exceptions.map(({ value }) => value.match)];
}

function portCells(rules: readonly RuleText[]): PortCell[] {
  const ranges: PortRange[] = rules.flatMap((rule) => portRanges(rule) ?? []);
  const cells = Object.entries(NAMED_PROTOCOLS).flatMap(([name, protocol]) => {
    const named = ranges.filter((range) => range.protocol === protocol && range.named);
    const begins = [...new Set([0, ...named.map(({ from }) => from), ...named.map(({ to }) => to + 1)])].filter((port) => port <= 65_535);
    begins.sort((one, other) => one - other);
    return begins.map((from, index): PortCell => ({ protocol, from, to: (begins[index + 1] ?? 65_536) - 1, label: name }));
  });
  return [...cells, { protocol: OTHER_PROTOCOL, from: 0, to: 65_535, label: 'other protocols' }];
}

function diffFleet(
  fleet: string,
  a: PlacedClaims,
  b: PlacedClaims,
  ranges: readonly RefinedRange[],
  cells: readonly PortCell[],
  words: PeerWords,
): TrafficChange[] {
  const peersOf = (list: readonly RefinedRange[]): string[] => {
    const { peers, except } = words(list);
    return except ? [`all but ${peers[0] ?? 'none'}`, ...peers.slice(1)] : [...peers];
  };
  const stateA = createStates(a, fleet, (matches) => peersOf(ranges.filter(({ atomA }) => matches(atomA))));
  const stateB = createStates(b, fleet, (matches) => peersOf(ranges.filter(({ atomB }) => matches(atomB))));
  const groups = new Map<string, Group>();
  const subjects = subjectClasses(ranges, a, b, fleet);
  const whole = subjects.length === 1;
  for (const alike of classesOf(ranges, a, b, fleet)) {
    const { atomA, atomB } = alike[0]!;
    cells.forEach((cell, index) => {
      for (const began of [Began.asset, Began.peer]) {
        const inA = { atom: atomA, protocol: cell.protocol, port: cell.from, began };
        const inB = { ...inA, atom: atomB };
        const note = (before: ReadonlyMap<string, CellState>, after: ReadonlyMap<string, CellState>, place: number): void => {
          for (const claim of new Set([...before.keys(), ...after.keys()])) {
            const was = cellState(before, claim);
            const is = cellState(after, claim);
            if (sameState(was, is)) continue;
            const key = JSON.stringify([claim, stateWords(was), stateWords(is), place]);
            const group = groups.get(key) ?? { claim, was, is, subjects: whole ? undefined : subjects[place], parts: new Map() };
            groups.set(key, group);
            const part = group.parts.get(alike) ?? new Set<number>();
            group.parts.set(alike, part.add(index * 2 + (began === Began.asset ? 0 : 1)));
          }
        };
        note(stateA.ofExchange(inA), stateB.ofExchange(inB), -1);
        subjects.forEach(([one], place) => {
          note(stateA.ofArrival(one!.atomA, inA), stateB.ofArrival(one!.atomB, inB), place);
        });
      }
    });
  }
  return [...groups.values()].flatMap((group) => changesOf(fleet, group, cells, words));
}

interface Group {
  readonly claim: string;
  readonly was: CellState;
  readonly is: CellState;
  /** Undefined for all addresses of the fleet. */
  readonly subjects: readonly RefinedRange[] | undefined;
  /** For each class of addresses: the cells (index · 2, plus 1 where the peer begins). */
  readonly parts: Map<readonly RefinedRange[], Set<number>>;
}

/** Ranges that no rule of the fleet's claims tells apart, in either file. */
function classesOf(ranges: readonly RefinedRange[], a: PlacedClaims, b: PlacedClaims, fleet: string): RefinedRange[][] {
  const signer = (file: PlacedClaims): ((atom: number) => string) => {
    const rules = claimsOf(file, fleet).flatMap(({ rules: listed, exceptions, island, via }) => [
      ...listed,
      ...exceptions.map(({ rule }) => rule),
      ...(island === undefined ? [] : [island.contact, island.alive]),
      ...(via === undefined ? [] : [via.from, via.jump]),
    ]);
    const known = new Map<number, string>();
    return (atom) => {
      const signature = known.get(atom) ?? rules.map((rule) => rule.peerTruth(atom, UNNAMED)).join('');
      known.set(atom, signature);
      return signature;
    };
  };
  const signA = signer(a);
  const signB = signer(b);
  const classes = new Map<string, RefinedRange[]>();
  for (const range of ranges) {
    const key = `${signA(range.atomA)}|${signB(range.atomB)}`;
    const list = classes.get(key);
    if (list === undefined) classes.set(key, [range]);
    else list.push(range);
  }
  return [...classes.values()];
}

function claimsOf({ claims }: PlacedClaims, fleet: string): CompiledClaim[] {
  return claims.fleets.filter(({ name }) => name === fleet).flatMap((found) => found.claims.map((index) => claims.claims[index]!));
}

/** Addresses of the fleet, in either file, that no `via` claim of it tells apart; none where there is no such claim. */
function subjectClasses(ranges: readonly RefinedRange[], a: PlacedClaims, b: PlacedClaims, fleet: string): RefinedRange[][] {
  const sides = [a, b].map((file) => ({
    own: file.compilation.space.union(file.compilation.prefixesOfFleet.get(fleet) ?? []),
    ends: claimsOf(file, fleet).flatMap(({ via }) => (via === undefined ? [] : [via.to])),
  }));
  const classes = new Map<string, RefinedRange[]>();
  if (sides.every(({ ends }) => ends.length === 0)) return [];
  for (const range of ranges) {
    const atoms = [range.atomA, range.atomB];
    if (!sides.some(({ own }, side) => hasAtom(own, atoms[side]!))) continue;
    const key = sides.map(({ ends }, side) => ends.map((end) => (end.matchesPeer(atoms[side]!) ? 1 : 0)).join('')).join('|');
    classes.set(key, [...(classes.get(key) ?? []), range]);
  }
  return [...classes.values()];
}

/** One change for each set of addresses that shares its ports. */
function changesOf(fleet: string, group: Group, cells: readonly PortCell[], words: PeerWords): TrafficChange[] {
  const byCells = new Map<string, RefinedRange[]>();
  for (const [alike, part] of group.parts) {
    const key = [...part].sort((one, other) => one - other).join(',');
    byCells.set(key, [...(byCells.get(key) ?? []), ...alike]);
  }
  return [...byCells].flatMap(([key, ranges]) => {
    const numbers = new Set(key.split(',').map(Number));
    const chosen = (want: (subject: boolean, peer: boolean) => boolean): PortCell[] =>
      cells.filter((_, index) => want(numbers.has(index * 2), numbers.has(index * 2 + 1)));
    const sides = [
      ['any', chosen((subject, peer) => subject && peer)],
      ['subject', chosen((subject, peer) => subject && !peer)],
      ['peer', chosen((subject, peer) => !subject && peer)],
    ] as const;
    return sides
      .filter(([, list]) => list.length > 0)
      .map(
        ([initiator, list]): TrafficChange => ({
          fleet,
          claim: group.claim,
          change: directionOf(group.was, group.is),
          before: stateWords(group.was),
          after: stateWords(group.is),
          ...words(ranges),
          ports: portWords(list, cells),
          initiator,
          ...(group.subjects === undefined ? {} : { subjects: prefixesOfRanges(group.subjects) }),
        }),
      );
  });
}

const STRICTNESS = { never: 0, inside: 1, outside: 1, unaccompanied: 1, always: 2 } as const;

function directionOf(was: CellState, is: CellState): TrafficChange['change'] {
  const more = STRICTNESS[is.broken] - STRICTNESS[was.broken];
  return more > 0 ? 'forbidden' : more < 0 ? 'allowed' : 'changed';
}

function portWords(list: readonly PortCell[], all: readonly PortCell[]): string[] {
  if (list.length === all.length) return ['any'];
  const joined: { protocol: number; from: number; to: number; label: string }[] = [];
  for (const cell of list) {
    const before = joined.at(-1);
    if (before !== undefined && before.protocol === cell.protocol && before.to + 1 === cell.from) before.to = cell.to;
    else joined.push({ ...cell });
  }
  return joined.map(({ from, to, label }) => {
    if (from === 0 && to === 65_535) return label;
    return from === to ? `${label}/${from}` : `${label}/${from}-${to}`;
  });
}

type PeerWords = (ranges: readonly RefinedRange[]) => Pick<TrafficChange, 'peers' | 'except'>;

/** Peers in the shortest words: 'any', 'internet' for what both files call so, prefixes, or all but these. */
function createPeerWords(all: readonly RefinedRange[], a: PlacedClaims, b: PlacedClaims): PeerWords {
  const internetA = a.compilation.endpointOf({ internet: true }).certain;
  const internetB = b.compilation.endpointOf({ internet: true }).certain;
  const internet = new Set(all.filter(({ atomA, atomB }) => hasAtom(internetA, atomA) && hasAtom(internetB, atomB)));
  return (ranges) => {
    if (ranges.length === all.length) return { peers: ['any'], except: false };
    const given = new Set(ranges);
    const hasInternet = internet.size > 0 && [...internet].every((range) => given.has(range));
    const rest: AddressRange[] = hasInternet ? ranges.filter((range) => !internet.has(range)) : [...ranges];
    const peers = [...(hasInternet ? ['internet'] : []), ...prefixesOfRanges(rest)];
    const others = prefixesOfRanges(complement(ranges));
    return others.length < peers.length ? { peers: others, except: true } : { peers, except: false };
  };
}
