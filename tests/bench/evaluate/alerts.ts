import type { Finding } from '../../../detector/findings/finding.js';

/** One thing that somebody would have to look at: a finding of ours, or what a baseline says. */
export interface Alert {
  /** Detection id, or the baseline's name and rule. */
  readonly by: string;
  readonly asset: string;
  readonly peer: string;
  readonly port: number;
  /** What it is about, ms since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** When it was first said: end of the telemetry read until then. */
  readonly atMs: number;
  readonly sentence: string;
  /** Who began it, where that is known. */
  readonly began?: Finding['initiator'];
}

/** Keeps when each finding was first said, and what it came to. */
export class AlertBook {
  private readonly firstSaid = new Map<string, number>();
  private readonly latest = new Map<string, Finding>();

  take(changed: readonly Finding[], atMs: number): void {
    for (const finding of changed) {
      if (!this.firstSaid.has(finding.id)) this.firstSaid.set(finding.id, atMs);
      if (finding.records === 0) this.latest.delete(finding.id);
      else this.latest.set(finding.id, finding);
    }
  }

  /** Each finding as it stands, and when it was first said. */
  findings(): (readonly [Finding, number])[] {
    return [...this.latest.values()].map((finding) => [finding, this.firstSaid.get(finding.id)!]);
  }

  list(): Alert[] {
    return [...this.latest.values()].map((finding) => ({
      by: finding.detection,
      asset: finding.asset,
      peer: finding.peerAddress,
      port: finding.port,
      fromMs: Math.min(finding.firstSeenMs, finding.windowFromMs),
      toMs: Math.max(finding.lastSeenMs, finding.windowToMs),
      atMs: this.firstSaid.get(finding.id)!,
      sentence: finding.sentence,
      began: finding.initiator,
    }));
  }
}
