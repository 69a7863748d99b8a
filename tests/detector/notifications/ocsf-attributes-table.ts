/**
 * Facts of OCSF 1.6 (schema.ocsf.io, classes Detection Finding and its parents, and the objects below it): the attributes that our events use, with their types, which ones
 * are required, and the numbers that an enumeration has with their captions. An attribute that is not here is one that the schema does not know, or that nobody has looked up.
 */
export type AttributeType = 'integer' | 'string' | 'boolean' | 'timestamp' | 'ip' | 'port' | { readonly object: string };

export interface Attribute {
  readonly type: AttributeType;
  readonly required?: true;
  readonly list?: true;
  /** Captions by number; the attribute of the caption stands beside it without `_id`. */
  readonly captions?: Readonly<Record<number, string>>;
}

const SEVERITIES = { 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical' } as const;
const STRING = { type: 'string' } as const;
const TIME = { type: 'timestamp' } as const;

export const OCSF_OBJECTS: Readonly<Record<string, Readonly<Record<string, Attribute>>>> = {
  detection_finding: {
    activity_id: { type: 'integer', required: true, captions: { 1: 'Create', 2: 'Update', 3: 'Close' } },
    activity_name: STRING,
    category_uid: { type: 'integer', required: true, captions: { 2: 'Findings' } },
    category_name: STRING,
    class_uid: { type: 'integer', required: true, captions: { 2004: 'Detection Finding' } },
    class_name: STRING,
    type_uid: { type: 'integer', required: true },
    type_name: STRING,
    time: { type: 'timestamp', required: true },
    start_time: TIME,
    end_time: TIME,
    count: { type: 'integer' },
    message: STRING,
    severity_id: { type: 'integer', required: true, captions: SEVERITIES },
    severity: STRING,
    status_id: {
      type: 'integer',
      captions: { 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved', 5: 'Archived', 6: 'Deleted' },
    },
    status: STRING,
    is_alert: { type: 'boolean' },
    confidence_id: { type: 'integer', captions: { 1: 'Low', 2: 'Medium', 3: 'High' } },
    confidence: STRING,
    confidence_score: { type: 'integer' },
    metadata: { type: { object: 'metadata' }, required: true },
    finding_info: { type: { object: 'finding_info' }, required: true },
    resources: { type: { object: 'resource_details' }, list: true },
    evidences: { type: { object: 'evidences' }, list: true },
    observables: { type: { object: 'observable' }, list: true },
  },
  metadata: { version: { type: 'string', required: true }, uid: STRING, product: { type: { object: 'product' }, required: true } },
  product: { name: STRING, vendor_name: STRING, version: STRING },
  finding_info: {
    uid: { type: 'string', required: true },
    title: STRING,
    desc: STRING,
    created_time: TIME,
    first_seen_time: TIME,
    last_seen_time: TIME,
    types: { type: 'string', list: true },
    analytic: { type: { object: 'analytic' } },
    related_analytics: { type: { object: 'analytic' }, list: true },
    attacks: { type: { object: 'attack' }, list: true },
    related_events: { type: { object: 'related_event' }, list: true },
  },
  analytic: {
    uid: STRING,
    name: STRING,
    type_id: { type: 'integer', required: true, captions: { 1: 'Rule', 2: 'Behavioral', 3: 'Statistical', 4: 'Learning (ML/DL)' } },
    type: STRING,
  },
  attack: { version: STRING, technique: { type: { object: 'technique' } }, sub_technique: { type: { object: 'technique' } } },
  technique: { uid: STRING, name: STRING },
  related_event: {
    uid: { type: 'string', required: true },
    type: STRING,
    first_seen_time: TIME,
    severity_id: { type: 'integer', captions: SEVERITIES },
    severity: STRING,
    desc: STRING,
  },
  resource_details: { name: STRING, type: STRING, group: { type: { object: 'group' } } },
  group: { name: STRING, uid: STRING },
  evidences: {
    src_endpoint: { type: { object: 'network_endpoint' } },
    dst_endpoint: { type: { object: 'network_endpoint' } },
    connection_info: { type: { object: 'network_connection_info' } },
  },
  network_endpoint: {
    ip: { type: 'ip' },
    port: { type: 'port' },
    location: { type: { object: 'location' } },
    autonomous_system: { type: { object: 'autonomous_system' } },
  },
  location: { country: STRING },
  autonomous_system: { number: { type: 'integer' } },
  network_connection_info: {
    protocol_num: { type: 'integer' },
    direction_id: { type: 'integer', required: true, captions: { 1: 'Inbound', 2: 'Outbound', 3: 'Lateral' } },
  },
  observable: {
    name: { type: 'string', required: true },
    type_id: { type: 'integer', required: true, captions: { 2: 'IP Address' } },
    type: STRING,
    value: STRING,
  },
};
