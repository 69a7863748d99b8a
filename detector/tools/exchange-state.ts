import type { PeerFacts } from '../claims/compiled.js';
import { PeerFact } from '../claims/peer-vocabulary.js';

/** A peer of which the MAC address is known, and neither it nor a name is in the claims: differences by those are told as text. */
export const UNNAMED: PeerFacts = new Set([PeerFact.macKnown]);

/** What one claim says of one kind of exchange, comparable between files: windows by when they occur, not by their names. */
export interface CellState {
  /** When the claim is broken: never, always, inside or outside the windows, or where what `windows` names is not there beside it. */
  readonly broken: 'never' | 'always' | 'inside' | 'outside' | 'unaccompanied';
  readonly windows: readonly Named[];
  readonly budgets: readonly string[];
  readonly exceptions: readonly Named[];
  /** What location data would have to know; empty where everything is decided. */
  readonly undecided: readonly string[];
  /** What it counts as, for claims that forbid nothing. */
  readonly counts?: readonly string[];
}

/** One kind of exchange: the peer's atom, protocol, the responder's port and who began (Began.*). */
export interface Exchange {
  readonly atom: number;
  readonly protocol: number;
  readonly port: number;
  readonly began: number;
}

export interface Named {
  readonly name: string;
  /** Equal where the meaning is. */
  readonly signature: string;
}

export const SILENT: CellState = { broken: 'never', windows: [], budgets: [], exceptions: [], undecided: [] };
