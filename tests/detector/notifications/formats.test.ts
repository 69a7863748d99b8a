import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cefOf } from '../../../detector/notifications/cef.js';
import { OCSF_VERSION, ocsfOf } from '../../../detector/notifications/ocsf.js';
import { framed, syslogMessage } from '../../../detector/notifications/syslog.js';
import { SEEN_MS } from '../support/findings.js';
import { HOSTILE, noticeOf } from './support.js';

/** Reads CEF as its description has it: seven header fields, then key=value pairs, with their escapes undone. */
function readCef(line: string): { header: string[]; fields: Record<string, string> } {
  const header: string[] = [];
  let at = 0;
  for (let field = ''; header.length < 7; at++) {
    if (line[at] === '\\') field += line[++at];
    else if (line[at] === '|') {
      header.push(field);
      field = '';
    } else field += line[at];
  }
  const fields: Record<string, string> = {};
  const pairs = [...line.slice(at).matchAll(/(?:^| )([A-Za-z0-9]+)=((?:[^\\=]|\\.)*?)(?= [A-Za-z0-9]+=|$)/g)];
  for (const [, key, value] of pairs) fields[key!] = value!.replace(/\\(.)/g, '$1');
  return { header, fields };
}

describe('CEF', () => {
  it('tells device, incident, ends and sums in the format’s fields', () => {
    const { header, fields } = readCef(
      cefOf(noticeOf({}, { id: 'b2', detection: 'beacon', peerAddress: '203.0.113.9' }), { version: '1.2.3' }),
    );
    expect(header).toEqual([
      'CEF:0',
      'Cordon',
      'Cordon',
      '1.2.3',
      'new-destination',
      expect.stringContaining('scan-01 with 203.0.113.0/24'),
      '5',
    ]);
    expect(fields).toMatchObject({
      ...{ src: '10.40.10.11', dst: '203.0.113.7', dpt: '443', proto: 'TCP', deviceDirection: '1', cnt: '4', rt: String(SEEN_MS + 60_000) },
      ...{ cs1: 'scan-01', cs2: 'scanners', cs3: '203.0.113.0/24', cs4: 'new-destination, beacon', cn1: '60' },
    });
    const six = readCef(cefOf(noticeOf({ peerAddress: '2001:db8::7', initiator: 'peer' }), { version: '1' })).fields;
    expect(six).toMatchObject({ c6a2: '2001:db8::7', dst: '10.40.10.11', deviceDirection: '0' });
    expect(six.src).toBeUndefined();
    const placed = readCef(cefOf(noticeOf({ peerCountry: 'NL' }), { version: '1' })).fields;
    expect([fields.flexString1, placed.flexString1Label, placed.flexString1]).toEqual([undefined, 'peerCountry', 'NL']);
  });

  it('stays one line with its own fields, whatever names and sentences hold', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(HOSTILE), fc.string({ unit: 'binary', maxLength: 60 })), (name) => {
        const line = cefOf(noticeOf({ asset: name, fleet: name, peerName: name, sentence: name }), { version: name });
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
        const clean = (text: string) => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
        const { header, fields } = readCef(line);
        expect(header[3]).toBe(clean(name));
        expect(header[6]).toMatch(/^\d+$/);
        expect(header[5]).toContain(clean(name));
        const plain = readCef(cefOf(noticeOf({ asset: 'a', fleet: 'b', peerName: 'c', sentence: 'd' }), { version: '1' })).fields;
        const known = new Set(Object.keys(plain));
        expect(Object.keys(fields).filter((key) => !known.has(key))).toEqual([]);
      }),
    );
  });
});

describe('OCSF', () => {
  it('is a Detection Finding whose uid is the incident, the notice in metadata', () => {
    const notice = noticeOf({ asset: HOSTILE });
    const event = ocsfOf(notice, { version: '1.2.3' });
    expect(event).toMatchObject({
      ...{ activity_id: 1, category_uid: 2, class_uid: 2004, type_uid: 200401, severity_id: 2, status_id: 1, is_alert: true },
      ...{ time: SEEN_MS + 60_000, start_time: SEEN_MS, confidence_score: 50, confidence_id: 2, count: 2 },
      metadata: { version: OCSF_VERSION, uid: notice.id, product: { name: 'Cordon', vendor_name: 'Cordon', version: '1.2.3' } },
      finding_info: {
        uid: notice.incident.id,
        types: ['new-destination'],
        analytic: { uid: 'new-destination', type_id: 2 },
        attacks: expect.arrayContaining([
          { version: '18.0', technique: { uid: 'T1071', name: 'Application Layer Protocol' } },
          {
            ...{ version: '18.0', technique: { uid: 'T1568', name: 'Dynamic Resolution' } },
            sub_technique: { uid: 'T1568.002', name: 'Domain Generation Algorithms' },
          },
        ]),
        related_events: [{ uid: 'a1'.padEnd(32, '0'), severity_id: 2 }],
      },
      evidences: [
        { src_endpoint: { ip: '10.40.10.11' }, dst_endpoint: { ip: '203.0.113.7', port: 443 }, connection_info: { protocol_num: 6 } },
      ],
      resources: [{ name: HOSTILE, group: { name: 'scanners' } }],
    });
    expect(ocsfOf({ ...notice, reason: 'the count has doubled' }, { version: '1' })).toMatchObject({ activity_id: 2, type_uid: 200402 });
    expect(JSON.parse(JSON.stringify(event))).toEqual(event);
    expect(ocsfOf(notice, { version: '1', compact: true })).not.toHaveProperty('evidences');
  });
});

it('OCSF tells country and AS on the side of the peer, and nothing where nobody knows', () => {
  const place = { location: { country: 'NL' }, autonomous_system: { number: 64_500 } };
  const ends = (initiator: 'asset' | 'peer', more: object) =>
    (ocsfOf(noticeOf({ initiator, ...more }), { version: '1' }).evidences as { src_endpoint: object; dst_endpoint: object }[])[0]!;
  expect(ends('asset', { peerCountry: 'NL', peerAsn: 64_500 }).dst_endpoint).toEqual({ ip: '203.0.113.7', port: 443, ...place });
  expect(ends('peer', { peerCountry: 'NL', peerAsn: 64_500 })).toMatchObject({
    src_endpoint: { ip: '203.0.113.7', ...place },
    dst_endpoint: { ip: '10.40.10.11', port: 443 },
  });
  expect(ends('asset', {}).dst_endpoint).toEqual({ ip: '203.0.113.7', port: 443 });
});

describe('syslog', () => {
  it('is RFC 5424 with priority, time and origin; a hostile host name adds nothing to the header', () => {
    const header = { severity: 'high', timeMs: SEEN_MS, hostname: 'prod 1\n<1>', version: '1"]\\', processId: 7 } as const;
    expect(syslogMessage(header, 'text').toString()).toBe(
      '<131>1 2026-12-03T11:00:00.000Z prod1<1> cordon 7 incident [origin software="Cordon" swVersion="1\\"\\]\\\\"] text',
    );
    expect(syslogMessage({ ...header, hostname: 'é', facility: 4 }, 'x').toString()).toMatch(/^<35>1 \S+ - cordon /);
    expect(framed(Buffer.from('é')).toString()).toBe('2 é');
  });
});
