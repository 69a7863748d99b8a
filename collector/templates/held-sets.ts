import type { HeldMessage } from '../contracts.js';
import type { TemplateLimits } from './limits.js';
import type { DomainState } from './store.js';

/** A data set that came before its template. */
export interface HeldSet {
  readonly templateId: number;
  readonly domain: DomainState;
  readonly message: HeldMessage;
  /** Its content behind the set header: a copy, the payload was not ours to keep. */
  readonly content: Uint8Array;
}

interface DomainSets {
  /** In order of arrival. */
  readonly sets: Set<HeldSet>;
  octets: number;
  /** Sets whose template has come are left from an earlier message, which had released enough. */
  leftOver: boolean;
}

/**
 * Data sets that wait for their template (RFC 7011 §9.1 allows a collector to keep them): bounded by number, octets and age for each observation domain
 * and by octets over all. What must make room, the oldest first, is given up: counted as undecodable, never forgotten silently.
 */
export class HeldSets {
  private readonly limits: TemplateLimits;
  private readonly all = new Set<HeldSet>();
  private readonly domains = new Map<DomainState, DomainSets>();
  private octets = 0;
  private givenUp: HeldSet[] = [];

  constructor(limits: TemplateLimits) {
    this.limits = limits;
  }

  /** True while there is nothing to release or to give up: what is asked with every message. */
  get isEmpty(): boolean {
    return this.all.size === 0 && this.givenUp.length === 0;
  }

  get heldOctets(): number {
    return this.octets;
  }

  /** Keeps a copy of a set's content, and makes room for it. */
  hold(domain: DomainState, message: HeldMessage, templateId: number, content: Uint8Array): void {
    const { maxHeldSetsPerDomain, maxHeldOctetsPerDomain, maxHeldOctets } = this.limits;
    let own = this.domains.get(domain);
    if (own === undefined) {
      own = { sets: new Set(), octets: 0, leftOver: false };
      this.domains.set(domain, own);
    }
    const set: HeldSet = { templateId, domain, message, content: content.slice() };
    message.setsWaiting++;
    own.sets.add(set);
    this.all.add(set);
    own.octets += content.length;
    this.octets += content.length;
    while (own.sets.size > maxHeldSetsPerDomain || own.octets > maxHeldOctetsPerDomain) this.giveUp(first(own.sets));
    while (this.octets > maxHeldOctets) this.giveUp(first(this.all));
  }

  /**
   * Takes out the sets of a domain whose templates have come, oldest first, until `read` says that it is enough; the rest comes with the domain's
   * next message. `read` gets a set that is no longer held.
   */
  release(domain: DomainState, templatesCame: boolean, read: (set: HeldSet) => boolean): void {
    const own = this.domains.get(domain);
    if (own === undefined || !(templatesCame || own.leftOver)) return;
    own.leftOver = false;
    for (const set of [...own.sets]) {
      if (!domain.templates.has(set.templateId)) continue;
      this.remove(set);
      if (read(set)) continue;
      own.leftOver = true;
      return;
    }
  }

  /** Gives up the sets of a domain that are older than allowed, by the exporter's own clock, which `nowMs` is of. */
  expire(domain: DomainState, nowMs: number): void {
    const own = this.domains.get(domain);
    if (own === undefined) return;
    for (const set of own.sets) {
      if (set.message.exportTimeMs >= nowMs - this.limits.heldForMs) return;
      this.giveUp(set);
    }
  }

  /** Gives up all sets of a domain that is forgotten: its templates are, so none can be read any more. */
  giveUpDomain(domain: DomainState): void {
    for (const set of [...(this.domains.get(domain)?.sets ?? [])]) this.giveUp(set);
  }

  /** Those given up since the last call. */
  takeGivenUp(): readonly HeldSet[] {
    const { givenUp } = this;
    if (givenUp.length > 0) this.givenUp = [];
    return givenUp;
  }

  private giveUp(set: HeldSet): void {
    this.remove(set);
    set.message.isWhole = false;
    if (!set.message.discarded) this.givenUp.push(set);
  }

  private remove(set: HeldSet): void {
    const own = this.domains.get(set.domain);
    if (own === undefined || !own.sets.delete(set)) return;
    this.all.delete(set);
    set.message.setsWaiting--;
    own.octets -= set.content.length;
    this.octets -= set.content.length;
    if (own.sets.size === 0) this.domains.delete(set.domain);
  }
}

function first(sets: ReadonlySet<HeldSet>): HeldSet {
  for (const set of sets) return set;
  throw new Error('held sets are counted wrongly: there are none to give up');
}
