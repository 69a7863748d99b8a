import type { FlowBatch } from '../../flow/batch.js';
import type { CompiledPeers } from '../claims/compiled.js';
import type { PeerClasses } from './peer-classes.js';
import type { ReadColumns } from './read-columns.js';

/** Texts of names whose facts are remembered from batch to batch; then all are looked up anew. A cache. */
const REMEMBERED_TEXTS = 65_536;

/** Tells the class of each row's peer: from the names that the asset was told for it, and from its MAC address, as far as the claims name such. */
export class PeerReader {
  /** False where the claims name peers by addresses alone: then every class is 0. */
  readonly tells: boolean;
  private readonly peers: CompiledPeers;
  private readonly classes: PeerClasses;
  private columns: ReadColumns;
  private sourceNames = new Uint32Array(0);
  private destinationNames = new Uint32Array(0);
  private readonly ofText = new Map<string, number>();

  constructor(peers: CompiledPeers, classes: PeerClasses, empty: FlowBatch) {
    this.peers = peers;
    this.classes = classes;
    this.columns = empty.columns;
    this.tells = peers.tellsNames || peers.tellsMacs;
  }

  /** Takes the batch whose rows are read next; names are looked up once for each entry of its dictionaries. */
  open(batch: FlowBatch): void {
    this.columns = batch.columns;
    if (!this.peers.tellsNames) return;
    const classOf = (text: string): number => this.classOfNames(text);
    this.sourceNames = Uint32Array.from(batch.columns.sourceNames.dictionary.names, classOf);
    this.destinationNames = Uint32Array.from(batch.columns.destinationNames.dictionary.names, classOf);
  }

  /** Rows are places of these columns from now on, with the dictionaries of the batch. */
  turnTo(columns: ReadColumns): void {
    this.columns = columns;
  }

  classOf(row: number, peerIsSource: boolean): number {
    const { columns, peers, classes } = this;
    let peerClass = 0;
    if (peers.tellsNames) {
      peerClass = peerIsSource
        ? this.sourceNames[columns.sourceNames.codes[row]!]!
        : this.destinationNames[columns.destinationNames.codes[row]!]!;
    }
    if (peers.tellsMacs) {
      const mac = peerIsSource ? columns.sourceMacAddress[row]! : columns.destinationMacAddress[row]!;
      if (mac !== 0) peerClass = classes.union(peerClass, classes.intern(peers.factsOfMac(mac)));
    }
    return peerClass;
  }

  /** For snapshots that were taken over: what was remembered belongs to other classes. */
  forget(): void {
    this.ofText.clear();
  }

  private classOfNames(text: string): number {
    if (text === '') return 0;
    let known = this.ofText.get(text);
    if (known === undefined) {
      known = this.classes.intern(this.peers.factsOfNames(text));
      if (this.ofText.size >= REMEMBERED_TEXTS) this.ofText.clear();
      this.ofText.set(text, known);
    }
    return known;
  }
}
