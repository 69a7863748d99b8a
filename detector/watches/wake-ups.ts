import { parseAddress } from '../../flow/address.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../flow/time.js';
import { networkText } from '../incidents/peer-group.js';
import { type Contact, type Meeting, MOST_PORTS, portKey } from './contacts.js';
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
  const contacts = contactsOf(scene);
  const asked = new Set<number>();
  for (const group of groupsOf(scene)) {
    if ([...byPlace(scene, membersOnly(scene, group, contacts)).values()].some(areTogether))
      for (const fleet of group.fleets) asked.add(fleet);
  }
  return [...asked].sort((a, b) => a - b);
}

/** Whether two assets are in the list within ten minutes. */
function areTogether(list: readonly AtPlace[]): boolean {
  return list.some(({ contact }, at) => {
    const next = list[at + 1]?.contact;
    return next !== undefined && next.asset !== contact.asset && next.atMs - contact.atMs <= TOGETHER_MS;
  });
}

/** Events of the scene, in the order of time. `warmUpHours`, `chance`, `tail`: parameters of fleet-contact. */
export function wakeUpsOf(scene: Scene, parameters: Readonly<Record<string, number>>): WakeUp[] {
  const found: WakeUp[] = [];
  let left = contactsOf(scene);
  const groups = groupsOf(scene).map((group) => new Acquaintance(scene, group, membersOnly(scene, group, left)));
  for (;;) {
    const best = groups.flatMap((known) => candidatesOf(scene, known, left, parameters)).sort(compareWakeUps)[0];
    if (best === undefined) break;
    const fromMs = best.contacts[0]!.atMs;
    const assets = new Set(best.contacts.map(({ asset }) => asset));
    const rest = left.filter(({ asset, atMs }) => !assets.has(asset) || atMs < fromMs || atMs > fromMs + TOGETHER_MS);
    const taken = left.filter((one) => !rest.includes(one)).map(({ peer }) => networkText(peer));
    const own = new Set(best.contacts.map(({ peer }) => networkText(peer)));
    found.push({ ...best, others: new Set(taken.filter((network) => !own.has(network))).size });
    left = rest;
  }
  return found.sort((a, b) => a.contacts[0]!.atMs - b.contacts[0]!.atMs || compareWakeUps(a, b));
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

function membersOnly({ claims }: Scene, { fleets }: Group, contacts: readonly Contact[]): Contact[] {
  return contacts.filter(({ asset }) => fleets.includes(claims.assets[asset]!.fleet));
}

interface AtPlace {
  readonly place: PlaceKind;
  readonly key: string;
  readonly contact: Contact;
}

/** The contacts of each place, in the order of time. */
function byPlace(scene: Scene, contacts: readonly Contact[]): Map<string, AtPlace[]> {
  const found = new Map<string, AtPlace[]>();
  const add = (place: PlaceKind, key: string, contact: Contact): void => {
    const list = found.get(key) ?? [];
    found.set(key, list);
    list.push({ place, key, contact });
  };
  for (const contact of contacts) {
    add('network', networkText(contact.peer), contact);
    const asn = asnOf(scene, contact.peer);
    if (asn !== 0) add('as', `AS${asn}`, contact);
    if (contact.port !== 0) add('port', `port ${portKey(contact.protocol, contact.port)}`, contact);
  }
  return found;
}

function asnOf({ claims }: Scene, peer: string): number {
  return claims.placeOf(parseAddress(peer), 0).asn;
}

/** Events of one group at any place; those that overlap each other are all there. */
function candidatesOf(
  scene: Scene,
  known: Acquaintance,
  contacts: readonly Contact[],
  parameters: Readonly<Record<string, number>>,
): WakeUp[] {
  const found: WakeUp[] = [];
  for (const [key, list] of byPlace(scene, membersOnly(scene, known.group, contacts))) {
    const { place, contact: first } = list[0]!;
    const together = firstOfEach(list.map(({ contact }) => contact).filter(({ atMs }) => atMs <= first.atMs + TOGETHER_MS));
    if (together.length < 2 || known.has(place, key, first)) continue;
    const told = together.filter((contact) => isTelling(scene, known, contact, parameters.warmUpHours!));
    const atWork = known.atWork(first.atMs, together);
    if (told.length < leastTogether(atWork, parameters.chance!, parameters.tail!)) continue;
    if (known.movedTo(together)) continue;
    found.push({ group: known.group, place, key, contacts: together, atWork, others: 0 });
  }
  return found;
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
  /** When the group's first contact in sight with each place was. */
  private readonly inSight: ReadonlyMap<string, number>;
  private byAsset: ReadonlyMap<number, readonly Meeting[]> | undefined;
  private first: ReadonlyMap<string, number> | undefined;
  private readonly working = new Map<number, number[]>();

  constructor(scene: Scene, group: Group, contacts: readonly Contact[]) {
    this.scene = scene;
    this.group = group;
    this.inSight = new Map([...byPlace(scene, contacts)].map(([key, list]) => [key, list[0]!.contact.atMs]));
  }

  /** Whether anybody of the group met the place before this contact. */
  has(place: PlaceKind, key: string, { atMs, protocol, port }: Contact): boolean {
    if (this.inSight.get(key)! < atMs) return true;
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
