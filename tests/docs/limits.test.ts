import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAX_WAITING_ROWS } from '../../collector/collector.js';
import { MAX_LIST_DEPTH } from '../../collector/decoders/record-lists.js';
import { MAX_FRAME_OCTETS } from '../../collector/decoders/sflow5/sampled-packet.js';
import { DECOMPRESSION_LIMITS } from '../../collector/inputs/byte-source.js';
import { MAX_BLOCK_OCTETS, MAX_CAPTURED_OCTETS } from '../../collector/inputs/capture-reader.js';
import { MAX_LINE_OCTETS } from '../../collector/inputs/line-splitter.js';
import { MAX_EXPORTERS } from '../../collector/inputs/origins.js';
import { MAX_INTERFACES } from '../../collector/inputs/pcapng-interfaces.js';
import { MAX_ROTATED_FILES } from '../../collector/inputs/tail-archive.js';
import { TCP_DEFAULTS } from '../../collector/inputs/tcp.js';
import { UDP_DEFAULTS } from '../../collector/inputs/udp.js';
import { MAX_LOG_COLUMNS } from '../../collector/logs/limits.js';
import { METER_DEFAULTS } from '../../collector/metering/limits.js';
import { MAX_REMEMBERED_SESSIONS } from '../../collector/metering/session-memory.js';
import { DEFAULT_NAME_LIMITS, MAX_NAMES_PER_ROW } from '../../collector/names/limits.js';
import { DEFAULT_BUFFER_LIMITS } from '../../collector/outputs/buffer/limits.js';
import { MAX_ASSEMBLIES } from '../../collector/packets/datagram-assembly.js';
import { MAX_FRAGMENTED_DATAGRAMS } from '../../collector/packets/fragments.js';
import { MAX_ENCAPSULATIONS } from '../../collector/packets/frames.js';
import { MAX_EXTENSION_HEADERS } from '../../collector/packets/network-layer.js';
import { MAX_NESTED_TUNNELS } from '../../collector/packets/parse-packet.js';
import { MAX_TUNNELS } from '../../collector/packets/tunnel-table.js';
import { DEFAULT_QUARANTINE_LIMITS } from '../../collector/quarantine/limits.js';
import { DEFAULT_SEQUENCE_LIMITS } from '../../collector/sequence/limits.js';
import { DEFAULT_TEMPLATE_LIMITS } from '../../collector/templates/limits.js';
import { MAX_NAME_OCTETS } from '../../collector/templates/names.js';
import { PERSISTENCE_DEFAULTS } from '../../collector/templates/persistence.js';
import { packageRoot } from '../../flow/service/paths.js';

/*
 * The limits in docs/formats.md are made from the code: names and defaults from the constants, meanings from their comments. After a change:
 *   UPDATE_DOCS=1 npx vitest run tests/docs/limits.test.ts
 */
const LIMITS: readonly (readonly [title: string, path: string, limits: Readonly<Record<string, number>>])[] = [
  ['Templates, sampling and held data of NetFlow v9 and IPFIX', 'collector/templates/limits.ts', { ...DEFAULT_TEMPLATE_LIMITS }],
  ['', 'collector/templates/names.ts', { MAX_NAME_OCTETS }],
  ['', 'collector/decoders/record-lists.ts', { MAX_LIST_DEPTH }],
  ['Templates over a restart', 'collector/templates/persistence.ts', { ...PERSISTENCE_DEFAULTS }],
  ['Loss accounting and the ledger', 'collector/sequence/limits.ts', { ...DEFAULT_SEQUENCE_LIMITS }],
  ['UDP', 'collector/inputs/udp.ts', { ...UDP_DEFAULTS }],
  ['', 'collector/inputs/origins.ts', { MAX_EXPORTERS }],
  ['', 'collector/collector.ts', { MAX_WAITING_ROWS }],
  ['TCP and TLS', 'collector/inputs/tcp.ts', { ...TCP_DEFAULTS }],
  ['Quarantine', 'collector/quarantine/limits.ts', { ...DEFAULT_QUARANTINE_LIMITS }],
  ['Disk buffer', 'collector/outputs/buffer/limits.ts', { ...DEFAULT_BUFFER_LIMITS }],
  ['sFlow', 'collector/decoders/sflow5/sampled-packet.ts', { MAX_FRAME_OCTETS }],
  ['Captures and metering', 'collector/inputs/capture-reader.ts', { MAX_CAPTURED_OCTETS, MAX_BLOCK_OCTETS }],
  ['', 'collector/inputs/pcapng-interfaces.ts', { MAX_INTERFACES }],
  ['', 'collector/packets/frames.ts', { MAX_ENCAPSULATIONS }],
  ['', 'collector/packets/network-layer.ts', { MAX_EXTENSION_HEADERS }],
  ['', 'collector/packets/parse-packet.ts', { MAX_NESTED_TUNNELS }],
  ['', 'collector/packets/tunnel-table.ts', { MAX_TUNNELS }],
  ['', 'collector/packets/fragments.ts', { MAX_FRAGMENTED_DATAGRAMS }],
  ['', 'collector/packets/datagram-assembly.ts', { MAX_ASSEMBLIES }],
  ['', 'collector/metering/limits.ts', { ...METER_DEFAULTS }],
  ['', 'collector/metering/session-memory.ts', { MAX_REMEMBERED_SESSIONS }],
  ['Files and logs', 'collector/inputs/byte-source.ts', { ...DECOMPRESSION_LIMITS }],
  ['', 'collector/inputs/line-splitter.ts', { MAX_LINE_OCTETS }],
  ['', 'collector/logs/limits.ts', { MAX_LOG_COLUMNS }],
  ['', 'collector/inputs/tail-archive.ts', { MAX_ROTATED_FILES }],
  ['DNS names', 'collector/names/limits.ts', { ...DEFAULT_NAME_LIMITS, MAX_NAMES_PER_ROW }],
];

const BEGIN = '<!-- limits: made by tests/docs/limits.test.ts -->';
const END = '<!-- limits: end -->';
const page = join(packageRoot(), 'docs/formats.md');

/** What the comment before `name` says: the limit's meaning. Throws where it has none: a limit that nobody explains is a number. */
function meaningOf(source: string, name: string, path: string): string {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*(?:export const |readonly )?${name}\\??\\s*[:=]`).exec(source)?.[1];
  const line = new RegExp(`^\\s*(?:export const |readonly )?${name}\\s*[:=][^\\n]*// ([^\\n]*)$`, 'm').exec(source)?.[1];
  const text = (comment ?? line)?.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim();
  if (text === undefined || text === '') throw new Error(`${path}: ${name} has no comment that says what it bounds`);
  return text.replaceAll('|', '\\|');
}

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ' ');

/** A default in the largest unit that it is a whole number of. */
function shown(name: string, value: number): string {
  const inUnits = (units: readonly (readonly [string, number])[]): string => {
    const [unit, size] = units.find(([, one]) => value >= one && value % one === 0) ?? units.at(-1)!;
    return `${grouped(value / size)} ${unit}`;
  };
  if (/Ms$/.test(name)) {
    return inUnits([
      ['d', 86_400_000],
      ['h', 3_600_000],
      ['min', 60_000],
      ['s', 1000],
      ['ms', 1],
    ]);
  }
  if (/octets/i.test(name)) {
    return inUnits([
      ['GiB', 2 ** 30],
      ['MiB', 2 ** 20],
      ['KiB', 1024],
      ['octets', 1],
    ]);
  }
  return grouped(value);
}

function section(): string {
  let text = '';
  for (const [title, path, limits] of LIMITS) {
    const source = readFileSync(join(packageRoot(), path), 'utf8');
    if (title !== '') text += `\n### ${title}\n\n| limit | default | meaning |\n|---|---:|---|\n`;
    for (const [name, value] of Object.entries(limits))
      text += `| \`${name}\` | ${shown(name, value)} | ${meaningOf(source, name, path)} |\n`;
  }
  return `${BEGIN}\n${text}\n${END}`;
}

it('docs/formats.md tells every limit with its default and meaning', () => {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END) + END.length;
  expect(from, `${BEGIN} in docs/formats.md`).toBeGreaterThan(0);
  const wanted = section();
  if (process.env.UPDATE_DOCS === '1') writeFileSync(page, text.slice(0, from) + wanted + text.slice(to));
  expect(
    readFileSync(page, 'utf8').slice(from, from + wanted.length),
    'UPDATE_DOCS=1 npx vitest run tests/docs/limits.test.ts makes it anew',
  ).toBe(wanted);
});
