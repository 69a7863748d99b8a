import type { Severity } from '../claims/compiled.js';

/** RFC 5424 §6.2.1: numerical codes of severities; the facility is one of those for local use. */
const SYSLOG_SEVERITY: Readonly<Record<Severity, number>> = { info: 6, low: 5, medium: 4, high: 3, critical: 2 };
export const DEFAULT_FACILITY = 16; // local0

export interface SyslogHeader {
  readonly severity: Severity;
  readonly facility?: number;
  readonly timeMs: number;
  readonly hostname: string;
  readonly version: string;
  readonly processId: number;
}

/*
 * RFC 5424 §6:   <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [SD] MSG
 * The message has no byte order mark (§6.4: then its encoding is not told); what we send is ASCII in OCSF and UTF-8 in CEF.
 */

/** The octets of one message, without framing. */
export function syslogMessage(header: SyslogHeader, message: string): Buffer {
  const { severity, facility = DEFAULT_FACILITY, timeMs, hostname, version, processId } = header;
  const priority = facility * 8 + SYSLOG_SEVERITY[severity];
  const time = new Date(timeMs).toISOString();
  const origin = `[origin software="Cordon" swVersion="${parameter(version)}"]`;
  return Buffer.from(`<${priority}>1 ${time} ${name(hostname, 255)} cordon ${processId} incident ${origin} ${message}`, 'utf8');
}

/** Octet counting (RFC 6587 §3.4.1, RFC 5425 §4.3): a message may hold any character, also a line end. */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `, 'latin1'), message]);
}

/** PRINTUSASCII without spaces, or the nil value. */
function name(text: string, most: number): string {
  const printable = text.replace(/[^\x21-\x7e]/g, '').slice(0, most);
  return printable === '' ? '-' : printable;
}

/** §6.3.3: three characters are escaped in a parameter's value. */
function parameter(text: string): string {
  return text.replace(/["\\\]]/g, (character) => `\\${character}`);
}
