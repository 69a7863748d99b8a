/** Bounds on what exporters may make us remember. Each is a default that the configuration can change. */
export interface TemplateLimits {
  /** Observation domains kept, over all exporters. One more evicts the domain unused for longest. */
  readonly maxDomains: number;
  /** Templates per observation domain. Further ones are refused and counted: those in use stay. */
  readonly maxTemplatesPerDomain: number;
  /** Templates over all domains; one more evicts whole domains, the longest unused first. With maxFieldsPerTemplate: about 50 MB at worst. */
  readonly maxTemplates: number;
  /** Fields per template. The largest seen in the field has 74; a longer template is refused. */
  readonly maxFieldsPerTemplate: number;
  /** Samplers remembered per domain; further ones are ignored and their records' sampling interval stays 0, not known. */
  readonly maxSamplersPerDomain: number;
  /** Names of interfaces, and as many of VRFs and of applications, remembered per domain; rows of further ones have no name, or the VRF's number. */
  readonly maxNamesPerDomain: number;
  /** Data sets of one domain that wait for their template (held-sets.ts); one more gives up the oldest. */
  readonly maxHeldSetsPerDomain: number;
  /** Octets of them. 4 MiB are some 3000 datagrams: of a busy exporter those of seconds, of a quiet one all until it repeats its templates. */
  readonly maxHeldOctetsPerDomain: number;
  /** Octets over all domains of a decoder; more gives up the oldest of all. */
  readonly maxHeldOctets: number;
  /** How long a set waits, by its exporter's clock: as long as exporters usually take to repeat their templates at most. */
  readonly heldForMs: number;
  /** Once a message has released this many records, the rest waits for the domain's next one: a single template must not set off a flood. */
  readonly maxReleasedRecords: number;
}

export const DEFAULT_TEMPLATE_LIMITS: TemplateLimits = {
  maxDomains: 2048,
  maxTemplatesPerDomain: 256,
  maxTemplates: 8192,
  maxFieldsPerTemplate: 256,
  maxSamplersPerDomain: 256,
  maxHeldSetsPerDomain: 4096,
  maxHeldOctetsPerDomain: 4 * 1024 * 1024,
  maxHeldOctets: 32 * 1024 * 1024,
  heldForMs: 30 * 60_000,
  maxReleasedRecords: 16_384,
  maxNamesPerDomain: 4096,
};
