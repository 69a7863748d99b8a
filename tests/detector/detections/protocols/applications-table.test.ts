import { describe, expect, it } from 'vitest';
import {
  Application,
  applicationsOf,
  applicationWords,
  expectedApplications,
  UNRECOGNISED_APPLICATION,
} from '../../../../detector/detections/protocols/applications-table.js';

describe('what sensors recognise', () => {
  it('is one family by the words of Zeek, Suricata and NBAR', () => {
    for (const name of ['ssl', 'tls', 'quic', 'HTTPS', 'secure-http']) expect(applicationsOf(name)).toBe(Application.tls);
    expect(applicationsOf('gssapi,smb')).toBe(Application.windows);
    expect(applicationsOf('smtp,ssl')).toBe(Application.mail | Application.tls);
  });

  it('nothing told is nothing, an unknown name is said to be so, and no name of an object’s own is one', () => {
    expect(applicationsOf('')).toBe(0);
    expect(applicationsOf('ms-office-365')).toBe(UNRECOGNISED_APPLICATION);
    expect(applicationsOf('constructor')).toBe(UNRECOGNISED_APPLICATION);
  });

  it('has a home, or none', () => {
    expect(expectedApplications(22)).toBe(Application.shell);
    expect(expectedApplications(8080)).toBe(0);
    expect(applicationWords(expectedApplications(443))).toBe('HTTP or TLS or SIP, STUN or media');
  });
});
