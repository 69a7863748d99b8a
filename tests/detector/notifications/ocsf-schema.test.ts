import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DETECTION_IDS } from '../../../detector/detections/index.js';
import { ocsfOf } from '../../../detector/notifications/ocsf.js';
import { WATCH_IDS } from '../../../detector/watches/index.js';
import { type Attribute, OCSF_OBJECTS } from './ocsf-attributes-table.js';
import { noticeOf } from './support.js';

/* Events against the facts of the schema: a receiver that validates drops an event for an attribute that is missing, misspelt or of another type. */

type Json = Readonly<Record<string, unknown>>;

/** What of the object the schema does not admit; `unmapped` is what it leaves to us. */
function faultsOf(value: Json, object: string, path = ''): string[] {
  const attributes = OCSF_OBJECTS[object]!;
  const missing = Object.entries(attributes).filter(([name, { required }]) => required === true && value[name] === undefined);
  return [
    ...missing.map(([name]) => `${path}${name} is missing`),
    ...Object.entries(value).flatMap(([name, one]) => {
      const attribute = attributes[name];
      if (attribute === undefined)
        return object === 'detection_finding' && name === 'unmapped' ? [] : [`${path}${name} is no attribute of ${object}`];
      if (attribute.list === true && !Array.isArray(one)) return [`${path}${name} is no list`];
      const list: readonly unknown[] = attribute.list === true ? (one as unknown[]) : [one];
      return list.flatMap((item) => faultsOfValue(item, attribute, `${path}${name}`, value));
    }),
  ];
}

function faultsOfValue(value: unknown, { type, captions }: Attribute, path: string, beside: Json): string[] {
  if (typeof type === 'object') return faultsOf(value as Json, type.object, `${path}.`);
  if (!TYPES[type](value)) return [`${path} is no ${type}: ${String(value)}`];
  if (captions === undefined) return [];
  const caption = captions[value as number];
  if (caption === undefined) return [`${path} has no number ${String(value)}`];
  const word =
    beside[
      path
        .split('.')
        .at(-1)!
        .replace(/_id$/, '')
        .replace(/^(category|class)_uid$/, '$1_name')
        .replace(/^activity$/, 'activity_name')
    ];
  return word === undefined || word === caption ? [] : [`${path} is ${caption}, and beside it stands ${String(word)}`];
}

const TYPES = {
  integer: (value: unknown) => Number.isSafeInteger(value),
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  // timestamp_t: ms since the epoch.
  timestamp: (value: unknown) => Number.isSafeInteger(value) && (value as number) > 1e12,
  ip: (value: unknown) => typeof value === 'string' && isIP(value) !== 0,
  port: (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65_535,
} as const;

describe('an event is a Detection Finding as the schema has it', () => {
  it.each([...DETECTION_IDS, ...WATCH_IDS])('%s', (detection) => {
    for (const initiator of ['asset', 'peer', 'unknown'] as const) {
      const notice = noticeOf(
        { detection, initiator },
        { id: 'b2', detection: 'beacon', peerAddress: '2001:db8::9', peerCountry: 'NL', peerAsn: 64_500, severity: 'critical' },
      );
      for (const compact of [false, true]) {
        const event = ocsfOf(notice, { version: '1.2.3', compact });
        expect(faultsOf(event, 'detection_finding')).toEqual([]);
        expect(event.type_uid).toBe((event.class_uid as number) * 100 + (event.activity_id as number));
        expect(event.type_name).toBe(`${String(event.class_name)}: ${String(event.activity_name)}`);
      }
    }
  });

  it('observables point to attributes that the event has, with that value', () => {
    const event = ocsfOf(noticeOf({ initiator: 'peer' }, { id: 'b2', detection: 'beacon', peerAddress: '203.0.113.9' }), { version: '1' });
    const observables = event.observables as { name: string; value: string }[];
    expect(observables).toHaveLength(2);
    for (const { name, value } of observables) {
      const side = /^evidences\[\]\.(src_endpoint|dst_endpoint)\.ip$/.exec(name)![1]! as 'src_endpoint' | 'dst_endpoint';
      expect((event.evidences as Record<typeof side, { ip: string }>[]).map((evidence) => evidence[side].ip)).toContain(value);
    }
  });

  it('the comparison sees what is wrong', () => {
    const event = ocsfOf(noticeOf(), { version: '1' });
    const { finding_info: _, ...headless } = event;
    expect(faultsOf(headless, 'detection_finding')).toEqual(['finding_info is missing']);
    expect(faultsOf({ ...event, severity_id: 7 }, 'detection_finding')).toEqual(['severity_id has no number 7']);
    expect(faultsOf({ ...event, severity: 'Fatal' }, 'detection_finding')[0]).toContain('beside it stands Fatal');
    expect(faultsOf({ ...event, tme: 1, time: 'now' }, 'detection_finding')).toEqual([
      'time is no timestamp: now',
      'tme is no attribute of detection_finding',
    ]);
  });
});
