/** What the process tells its metrics. Called per batch, never per record. */
export interface DetectorMetrics {
  frames(count: number, records: number): void;
  quarantined(count: number): void;
  findings(count: number): void;
  snapshot(bytes: number, frames: number): void;
}
