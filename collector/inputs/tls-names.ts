import type { PeerCertificate } from 'node:tls';

/**
 * What a certificate calls its owner: the DNS names of its subjectAltName, then the common name of its subject (RFC 7011 §11.3 with RFC 6125 §6.4). Empty
 * where no certificate was shown.
 */
export function certificateNames(certificate: PeerCertificate | Record<string, never>): string[] {
  const alternatives: unknown = certificate.subjectaltname;
  const dns = typeof alternatives === 'string' ? alternatives.split(', ').flatMap((name) => /^DNS:([^"\s]+)$/.exec(name)?.[1] ?? []) : [];
  const common: unknown = certificate.subject?.CN;
  const names = typeof common === 'string' ? [...dns, common] : dns;
  return [...new Set(names.map((name) => name.toLowerCase()))];
}
