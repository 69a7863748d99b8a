/** Bounds of the quarantine: neither a broken exporter nor a flood of forged datagrams may fill the disk or crowd out the others. */
export interface QuarantineLimits {
  /** Octets kept per exporter address and minute; what is more is counted only. */
  readonly maxOctetsPerExporterMinute: number;
  /** Octets kept per minute over all exporters; also what may wait for the disk. */
  readonly maxOctetsPerMinute: number;
  /** A file that has grown to this is closed and the next begun. */
  readonly maxFileOctets: number;
  /** All files of the folder together; before it is exceeded the oldest files are removed. */
  readonly maxOctets: number;
}

export const DEFAULT_QUARANTINE_LIMITS: QuarantineLimits = {
  maxOctetsPerExporterMinute: 256 * 1024,
  maxOctetsPerMinute: 2 * 1024 * 1024,
  maxFileOctets: 8 * 1024 * 1024,
  maxOctets: 64 * 1024 * 1024,
};
