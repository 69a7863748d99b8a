/** Exporters and samplers of a file that are remembered; nfdump itself allows 65 535 exporters. */
const MAX_SAMPLERS = 65_536;

/** Ids that nfcapd gives to intervals that no sampler id stands for: from the packets' header, by `-s` for all, by `-s` where nothing was told. */
const GENERIC = -1;
const DEFAULT = -2;
const OVERWRITE = -3;

/** Sampling intervals of a file's exporters, as its sampler records tell them. */
export class Samplers {
  private readonly intervals = new Map<string, number>();

  /** `interval` packets, of which one was taken. */
  add(exporterId: number, samplerId: number, interval: number): void {
    if (this.intervals.size < MAX_SAMPLERS && interval >= 1) this.intervals.set(`${exporterId}/${samplerId}`, interval);
  }

  /** The interval that nfcapd has multiplied counters of a sampled record by; 0 when it cannot be known. `samplerId` is undefined where the record names none. */
  intervalOf(exporterId: number, samplerId: number | undefined): number {
    const of = (id: number): number | undefined => this.intervals.get(`${exporterId}/${id}`);
    return of(OVERWRITE) ?? (samplerId === undefined ? undefined : of(samplerId)) ?? of(GENERIC) ?? of(DEFAULT) ?? 0;
  }
}
