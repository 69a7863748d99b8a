import type { ListenAddress } from '../../collector/inputs/listen.js';
import type { HandedOn } from '../../collector/inputs/udp-dispatcher.js';

/** What the dispatching process tells one that collects. */
export type ToMember =
  | { readonly kind: 'datagrams'; readonly datagrams: readonly HandedOn[] }
  /** Take this sender over: what it sends to that port of the dispatcher's. */
  | { readonly kind: 'steer'; readonly listen: ListenAddress; readonly address: string; readonly port: number }
  /** For the ledger: what nobody but the dispatcher saw. */
  | { readonly kind: 'tell'; readonly refused: number; readonly kernelDrops: number }
  | { readonly kind: 'stop' };

/** What a collecting process tells the dispatching one. */
export type FromMember =
  /** It works; its metrics are there. */
  | { readonly kind: 'ready'; readonly url: string }
  /** Came to a socket of its while that was not yet connected. */
  | {
      readonly kind: 'stray';
      readonly payload: Uint8Array;
      readonly address: string;
      readonly port: number;
      readonly listen: ListenAddress;
    };
