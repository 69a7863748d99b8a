import { Ipv6Fields } from '../../flow/coverage.js';
import type { Template } from './template.js';

/** An exporter that tells its other templates anew so often, and none with IPv6 addresses in between, has none of those any more. */
const TELLINGS_MISSED = 3;

/**
 * Whether the templates of one observation domain that are in force can tell IPv6 addresses. Over UDP nothing takes a template back (RFC 7011 §8.4):
 * an exporter that is configured anew simply no longer repeats it, so one telling of another template is counted as a clock.
 */
export class Ipv6Templates {
  private flows = 0;
  private able = 0;
  /** Id of the template whose tellings are counted since one with IPv6 addresses was told or used; −1 none yet. */
  private witness = -1;
  private tellings = 0;

  added(template: Template): void {
    if (isFlow(template)) this.flows++;
    if (template.carriesIPv6) this.able++;
  }

  removed(template: Template): void {
    if (isFlow(template)) this.flows--;
    if (template.carriesIPv6) this.able--;
  }

  /** The exporter has told this template, for the first time or again. */
  told(template: Template): void {
    if (template.carriesIPv6) this.used();
    else if (!isFlow(template)) return;
    else if (this.witness < 0) {
      this.witness = template.id;
      this.tellings = 1;
    } else if (this.witness === template.id) this.tellings++;
  }

  /** Records of a template with IPv6 addresses came. */
  used(): void {
    this.witness = -1;
    this.tellings = 0;
  }

  /** Of Ipv6Fields. */
  get fields(): number {
    if (this.flows === 0) return Ipv6Fields.unknown;
    return this.able > 0 && this.tellings <= TELLINGS_MISSED ? Ipv6Fields.some : Ipv6Fields.none;
  }
}

/** Options, and records that count without saying of whom, tell nothing of what an exporter could say. */
function isFlow(template: Template): boolean {
  return template.carriesFlow || template.carriesIPv6;
}
