/** Columns of conn.log that a row is made from, by the place their values are kept in. */
export const Slot = {
  time: 0,
  originator: 1,
  originatorPort: 2,
  responder: 3,
  responderPort: 4,
  protocol: 5,
  duration: 6,
  originatorBytes: 7,
  responderBytes: 8,
  state: 9,
  missedBytes: 10,
  history: 11,
  originatorPackets: 12,
  originatorIpBytes: 13,
  responderPackets: 14,
  responderIpBytes: 15,
  ipProtocol: 16,
  vlan: 17,
  originatorMac: 18,
  responderMac: 19,
  innerVlan: 20,
  service: 21,
} as const;
export const SLOTS = 22;

/**
 * Names of the columns (Conn::Info; vlan and MAC addresses from the policy scripts vlan-logging and mac-logging). `id_orig_h` is what
 * Log::default_scope_sep = "_" makes of `id.orig_h`, `src_ip` what Zeek's documentation shows for Log::default_field_name_map.
 */
export const ZEEK_FIELDS: readonly (readonly [slot: number, ...names: string[]])[] = [
  [Slot.time, 'ts'],
  [Slot.originator, 'id.orig_h', 'id_orig_h', 'src_ip'],
  [Slot.originatorPort, 'id.orig_p', 'id_orig_p', 'src_port'],
  [Slot.responder, 'id.resp_h', 'id_resp_h', 'dst_ip'],
  [Slot.responderPort, 'id.resp_p', 'id_resp_p', 'dst_port'],
  [Slot.protocol, 'proto'],
  [Slot.duration, 'duration'],
  [Slot.originatorBytes, 'orig_bytes'],
  [Slot.responderBytes, 'resp_bytes'],
  [Slot.state, 'conn_state'],
  [Slot.missedBytes, 'missed_bytes'],
  [Slot.history, 'history'],
  [Slot.originatorPackets, 'orig_pkts'],
  [Slot.originatorIpBytes, 'orig_ip_bytes'],
  [Slot.responderPackets, 'resp_pkts'],
  [Slot.responderIpBytes, 'resp_ip_bytes'],
  [Slot.ipProtocol, 'ip_proto'],
  [Slot.vlan, 'vlan'],
  [Slot.innerVlan, 'inner_vlan'],
  [Slot.originatorMac, 'orig_l2_addr'],
  [Slot.responderMac, 'resp_l2_addr'],
  [Slot.service, 'service'],
];

/** Without these a line says no flow. */
export const NEEDED_SLOTS: readonly number[] = [Slot.time, Slot.originator, Slot.responder, Slot.protocol];
/** Without any of these a log is another one than conn.log: dns.log and ssl.log have endpoints and `proto` too. */
export const COUNTER_SLOTS: readonly number[] = [Slot.state, Slot.originatorBytes, Slot.originatorPackets, Slot.originatorIpBytes];
