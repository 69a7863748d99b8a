export const FIELDS =
  'ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents'.split(
    ' ',
  );

export type Connection = Readonly<Record<string, string>>;

export const HTTPS: Connection = {
  ts: '1796284800.250001',
  uid: 'CtyT1',
  'id.orig_h': '10.40.10.11',
  'id.orig_p': '50000',
  'id.resp_h': '203.0.113.7',
  'id.resp_p': '443',
  proto: 'tcp',
  service: 'ssl',
  duration: '1.500002',
  orig_bytes: '600',
  resp_bytes: '7000',
  conn_state: 'SF',
  missed_bytes: '0',
  history: 'ShADadFf',
  orig_pkts: '11',
  orig_ip_bytes: '1060',
  resp_pkts: '12',
  resp_ip_bytes: '7488',
  tunnel_parents: '(empty)',
};

export function header(fields: readonly string[] = FIELDS, separator = '\t', unset = '-'): string {
  const code = separator.charCodeAt(0).toString(16).padStart(2, '0');
  const line = (...words: string[]): string => `#${words.join(separator)}\n`;
  return (
    `#separator \\x${code}\n` +
    line('set_separator', ';') +
    line('empty_field', '(empty)') +
    line('unset_field', unset) +
    line('path', 'conn') +
    line('open', '2026-12-03-00-00-00') +
    line('fields', ...fields) +
    line('types', ...fields.map(() => 'string'))
  );
}

export function line(connection: Connection, fields: readonly string[] = FIELDS, separator = '\t', unset = '-'): string {
  return `${fields.map((name) => connection[name] ?? unset).join(separator)}\n`;
}

const TEXT = new Set([
  'uid',
  'id.orig_h',
  'id.resp_h',
  'proto',
  'service',
  'conn_state',
  'history',
  'tunnel_parents',
  'orig_l2_addr',
  'resp_l2_addr',
]);

/** The same connection as Zeek writes it in JSON. */
export function jsonLine(connection: Connection): string {
  return `${JSON.stringify(Object.fromEntries(Object.entries(connection).map(([name, value]) => [name, TEXT.has(name) ? value : Number(value)])))}\n`;
}
