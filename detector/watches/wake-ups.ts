import { parseAddress } from '../../flow/address.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { networkText } from '../incidents/peer-group.js';
import { type Contact, compareContacts, type Meeting, MOST_PORTS, portKey } from './contacts.js';
import { assetsAtWork, leastTogether } from './fleet-events.js';
import { minuteNumber } from './minute-bits.js';
import type { Scene } from './scene.js';

/** First contacts with one place within this long are one event (detection.md D13). */
export const TOGETHER_MS = 10 * MINUTE_MS;
/** An asset that met somebody new outside on more of the last so many days than this is no closed equipment: for it a new peer is no news. */
const OPEN_DAYS = 14;
const MOST_NEW_DAYS = 5;
/** A place moved where this share of the devices gave up one and the same other. */
const MOVED_SHARE = 0.8;
/** The other was last asked at this hour of the day, give or take one, so many days ago at most: a weekly job counts. */
const MOVED_DAYS = 8;
const DAY_HOURS = 24;

/** What is new to all of a group: the network of a peer (/24, /48), its AS where location data tells, the responder's port. In the order of what says more. */
const PLACE_KINDS = ['network', 'as', 'port'] as const;
export type PlaceKind = (typeof PLACE_KINDS)[number];

/** The smallest group of assets that the event is about. */
const GROUP_KINDS = ['fleet', 'vendor', 'site'] as const;
export type GroupKind = (typeof GROUP_KINDS)[number];

interface Group {
  readonly kind: GroupKind;
  readonly name: string;
  readonly fleets: readonly number[];
}

/** Several assets of a group met the same place, new to all of the group, together. */
export interface WakeUp {
  readonly group: Group;
  readonly place: PlaceKind;
  /** Tells places apart: '198.51.100.0/24', 'AS64496'. */
  readonly key: string;
  /** The first of each asset, in the order of time. */
  readonly contacts: readonly Contact[];
  /** How many assets of the group were at work. */
  readonly atWork: number;
  /** Places of the same kind and more that the same assets met first in that time. */
  readonly others: number;
}

/** Fleets that must be asked whom they met (`ContactView.meetings`, `ports`): those of groups of which two assets met a place together. */
export function fleetsToAsk(scene: Scene): number[] {
  const asked = new Set<number>();
  for (const { group, places } of metByGroups(scene))
    if ([...places.values()].some(({ contacts }) => areTogether(contacts))) for (const fleet of group.fleets) asked.add(fleet);
  return [...asked].sort((a, b) => a - b);
}

/** Whether two assets are in the list within ten minutes. */
function areTogether(contacts: readonly Contact[]): boolean {
  return contacts.some(({ asset, atMs }, at) => {
    const next = contacts[at + 1];
    return next !== undefined && next.asset !== asset && next.atMs - atMs <= TOGETHER_MS;
  });
}

/** Events of the scene, in the order of time. `warmUpHours`, `chance`, `tail`: parameters of fleet-contact. */
export function wakeUpsOf(scene: Scene, parameters: Readonly<Record<string, number>>): WakeUp[] {
  const all = contactsOf(scene);
  let left = metByGroups(scene).flatMap(({ group, places }) => {
    const known = new Acquaintance(scene, group);
    return [...places.values()].flatMap((met) => wakeUpAt(scene, known, met, parameters) ?? []);
  });
  const found: WakeUp[] = [];
  while (left.length > 0) {
    const best = left.reduce((most, one) => (compareWakeUps(one.event, most.event) < 0 ? one : most));
    const { contacts } = best.event;
    const fromMs = contacts[0]!.atMs;
    const assets = new Set(contacts.map(({ asset }) => asset));
    const taken = new Set(all.filter(({ asset, atMs }) => assets.has(asset) && atMs >= fromMs && atMs <= fromMs + TOGETHER_MS));
    const own = new Set(contacts.map(({ peer }) => networkText(peer)));
    const networks = new Set([...taken].map(({ peer }) => networkText(peer)));
    found.push({ ...best.event, others: [...networks].filter((network) => !own.has(network)).length });
    left = left.flatMap((one) => without(scene, one, taken, parameters));
  }
  return found.sort((a, b) => a.contacts[0]!.atMs - b.contacts[0]!.atMs || compareWakeUps(a, b));
}

/** What is left of an event whose contacts belong to another in part: nothing where the first does, since it was not the place's first then. */
function without(scene: Scene, one: Candidate, taken: ReadonlySet<Contact>, parameters: Readonly<Record<string, number>>): Candidate[] {
  const { known, met } = one;
  if (taken.has(met.contacts[0]!)) return [];
  const contacts = met.contacts.filter((contact) => !taken.has(contact));
  const event = contacts.length === met.contacts.length ? one : wakeUpAt(scene, known, { ...met, contacts }, parameters);
  return event === undefined ? [] : [event];
}

/** Most assets first; of equal ones what says more of the place, then the smaller group. */
function compareWakeUps(a: WakeUp, b: WakeUp): number {
  return (
    b.contacts.length - a.contacts.length ||
    PLACE_KINDS.indexOf(a.place) - PLACE_KINDS.indexOf(b.place) ||
    GROUP_KINDS.indexOf(a.group.kind) - GROUP_KINDS.indexOf(b.group.kind) ||
    a.contacts[0]!.atMs - b.contacts[0]!.atMs ||
    (a.key < b.key ? -1 : 1)
  );
}

function contactsOf({ claims, activity, fromMs, untilMs }: Scene): readonly Contact[] {
  return activity.contacts.contacts(fromMs, untilMs).filter(({ asset }) => !claims.assets[asset]!.auxiliary);
}

/** Every fleet, every vendor and every site; a vendor of a single fleet is that fleet. */
function groupsOf({ claims }: Scene): Group[] {
  const groups: Group[] = claims.fleets.map(({ name }, fleet) => ({ kind: 'fleet', name, fleets: [fleet] }));
  for (const kind of ['vendor', 'site'] as const) {
    const byName = new Map<string, number[]>();
    claims.fleets.forEach((fleet, index) => {
      byName.set(fleet[kind], [...(byName.get(fleet[kind]) ?? []), index]);
    });
    for (const [name, fleets] of byName) if (name !== '' && fleets.length > 1) groups.push({ kind, name, fleets });
  }
  return groups;
}

/** First contacts with one place, in the order of time. */
interface Met {
  readonly place: PlaceKind;
  readonly key: string;
  readonly contacts: readonly Contact[];
}

/** The places of each group by their key. */
function metByGroups(scene: Scene): { readonly group: Group; readonly places: ReadonlyMap<string, Met> }[] {
  const { claims } = scene;
  const byFleet = new Map<number, { readonly contact: Contact; readonly places: readonly Omit<Met, 'contacts'>[] }[]>();
  for (const contact of contactsOf(scene)) {
    const { fleet } = claims.assets[contact.asset]!;
    const list = byFleet.get(fleet) ?? [];
    byFleet.set(fleet, list);
    list.push({ contact, places: placesOf(scene, contact) });
  }
  return groupsOf(scene).map((group) => {
    const places = new Map<string, Met & { readonly contacts: Contact[] }>();
    const members = group.fleets.flatMap((fleet) => byFleet.get(fleet) ?? []);
    if (group.fleets.length > 1) members.sort((a, b) => compareContacts(a.contact, b.contact));
    for (const { contact, places: told } of members)
      for (const { place, key } of told) {
        const met = places.get(key) ?? { place, key, contacts: [] };
        places.set(key, met);
        met.contacts.push(contact);
      }
    return { group, places };
  });
}

function placesOf(scene: Scene, { peer, protocol, port }: Contact): Omit<Met, 'contacts'>[] {
  const asn = asnOf(scene, peer);
  return [
    { place: 'network', key: networkText(peer) },
    ...(asn === 0 ? [] : [{ place: 'as' as const, key: `AS${asn}` }]),
    ...(port === 0 ? [] : [{ place: 'port' as const, key: `port ${portKey(protocol, port)}` }]),
  ];
}

function asnOf({ claims }: Scene, peer: string): number {
  return claims.placeOf(parseAddress(peer), 0).asn;
}

interface Candidate {
  readonly known: Acquaintance;
  readonly met: Met;
  readonly event: WakeUp;
}

/** The event of one group that begins with its first contact with a place, if it is one. */
function wakeUpAt(scene: Scene, known: Acquaintance, met: Met, parameters: Readonly<Record<string, number>>): Candidate | undefined {
  const { place, key, contacts } = met;
  const first = contacts[0]!;
  const together = firstOfEach(contacts.filter(({ atMs }) => atMs <= first.atMs + TOGETHER_MS));
  if (together.length < 2 || known.has(place, key, first)) return undefined;
  const told = together.filter((contact) => isTelling(scene, known, contact, parameters.warmUpHours!));
  if (told.length < 2) return undefined;
  const atWork = known.atWork(first.atMs, together);
  if (told.length < leastTogether(atWork, parameters.chance!, parameters.tail!) || known.movedTo(together)) return undefined;
  return { known, met, event: { group: known.group, place, key, contacts: together, atWork, others: 0 } };
}

function firstOfEach(contacts: readonly Contact[]): Contact[] {
  const seen = new Set<number>();
  return contacts.filter(({ asset }) => !seen.has(asset) && seen.add(asset));
}

/** Whether the contact says something: asset and sensor are known for long, the sensor saw the time before, and the asset does not meet new peers every day. */
function isTelling(scene: Scene, known: Acquaintance, { asset, atMs, evidence }: Contact, warmUpHours: number): boolean {
  const sinceHour = Math.floor(atMs / HOUR_MS) - warmUpHours;
  const first = scene.activity.active(asset).first();
  if (first < 0 || first / 60 > sinceHour || scene.toldSince(evidence.sensor) > sinceHour) return false;
  const minute = minuteNumber(atMs);
  if ((scene.unknownOf([evidence.sensor])?.count(minute - TOGETHER_MS / MINUTE_MS, minute) ?? 0) > 0) return false;
  return !known.isOpen(asset, atMs);
}

/** Whom and what a group knows. */
class Acquaintance {
  readonly group: Group;
  private readonly scene: Scene;
  private byAsset: ReadonlyMap<number, readonly Meeting[]> | undefined;
  private first: ReadonlyMap<string, number> | undefined;
  private readonly working = new Map<number, number[]>();

  constructor(scene: Scene, group: Group) {
    this.scene = scene;
    this.group = group;
  }

  /** Whether anybody of the group met the place before the hour of this contact, the first one in sight. */
  has(place: PlaceKind, key: string, { atMs, protocol, port }: Contact): boolean {
    const hour = Math.floor(atMs / HOUR_MS);
    if (place !== 'port') return (this.firstHours().get(key) ?? Number.POSITIVE_INFINITY) < hour;
    return this.group.fleets.some((fleet) => {
      const ports = this.scene.activity.contacts.ports(fleet);
      return ports.size >= MOST_PORTS || (ports.get(portKey(protocol, port)) ?? Number.POSITIVE_INFINITY) < hour;
    });
  }

  isOpen(asset: number, atMs: number): boolean {
    const day = Math.floor(atMs / DAY_MS);
    const days = new Set<number>();
    for (const { firstHour } of this.meetings().get(asset) ?? []) {
      const met = Math.floor(firstHour / DAY_HOURS);
      if (met < day && met >= day - OPEN_DAYS) days.add(met);
    }
    return days.size > MOST_NEW_DAYS;
  }

  /** Members that were at work before, and those that it is about. */
  atWork(atMs: number, contacts: readonly Contact[]): number {
    const minute = minuteNumber(atMs);
    const working = this.working.get(minute) ?? assetsAtWork(this.scene, minute);
    this.working.set(minute, working);
    const { claims } = this.scene;
    const members = working.filter((asset) => this.group.fleets.includes(claims.assets[asset]!.fleet));
    return new Set([...members, ...contacts.map(({ asset }) => asset)]).size;
  }

  /**
   * A service that moved: nearly all of the devices ask the new place at the hour of the day at which they asked one and the same other before, and have not asked
   * that one since. They come together because their schedule says so.
   */
  movedTo(contacts: readonly Contact[]): boolean {
    const leavers = new Map<string, Set<number>>();
    for (const { asset, atMs } of contacts) {
      const hour = Math.floor(atMs / HOUR_MS);
      for (const meeting of this.meetings().get(asset) ?? []) {
        if (!isLeft(meeting, hour)) continue;
        const network = networkText(meeting.peer);
        leavers.set(network, (leavers.get(network) ?? new Set()).add(asset));
      }
    }
    return [...leavers.values()].some((assets) => assets.size >= MOVED_SHARE * contacts.length);
  }

  private meetings(): ReadonlyMap<number, readonly Meeting[]> {
    if (this.byAsset !== undefined) return this.byAsset;
    const byAsset = new Map<number, Meeting[]>();
    for (const fleet of this.group.fleets)
      for (const meeting of this.scene.activity.contacts.meetings(fleet)) {
        const list = byAsset.get(meeting.asset) ?? [];
        byAsset.set(meeting.asset, list);
        list.push(meeting);
      }
    this.byAsset = byAsset;
    return byAsset;
  }

  /** The first hour of each network and AS. */
  private firstHours(): ReadonlyMap<string, number> {
    if (this.first !== undefined) return this.first;
    const first = new Map<string, number>();
    for (const { peer, firstHour } of [...this.meetings().values()].flat()) {
      const asn = asnOf(this.scene, peer);
      for (const key of [networkText(peer), ...(asn === 0 ? [] : [`AS${asn}`])])
        first.set(key, Math.min(first.get(key) ?? Number.POSITIVE_INFINITY, firstHour));
    }
    this.first = first;
    return first;
  }
}

function isLeft({ firstHour, lastHour }: Meeting, hour: number): boolean {
  const ago = hour - lastHour;
  if (firstHour > hour - DAY_HOURS + 1 || ago < DAY_HOURS - 1 || ago > MOVED_DAYS * DAY_HOURS + 1) return false;
  const rest = ago % DAY_HOURS;
  return rest <= 1 || rest === DAY_HOURS - 1;
}
