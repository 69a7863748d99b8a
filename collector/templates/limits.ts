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
}

export const DEFAULT_TEMPLATE_LIMITS: TemplateLimits = {
  maxDomains: 2048,
  maxTemplatesPerDomain: 256,
  maxTemplates: 8192,
  maxFieldsPerTemplate: 256,
  maxSamplersPerDomain: 256,
};
