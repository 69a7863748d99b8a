import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Session } from 'chdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCollector } from '../../../collector/collector.js';
import { readFileInto } from '../../../collector/files.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { corporaFolder, type LogstashCase, readJson } from '../../collector/decoders/corpora.js';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scenarioFile, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
const ipfix = scenarioFile('port-scanners', 'ipfix.pcap.gz');
const packets = scenarioFile('port-scanners', 'packets.pcap.gz');
const corpora = corporaFolder();
const SKIPPED = corpora === undefined ? ' (skipped: no corpora beside the repository, see CORDON_CORPORA)' : '';

beforeAll(freshDist);

type Row = Readonly<Record<string, string | number | null>>;

function jsonRows(text: string): Row[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
}

/** Cells of one CSV line; quoted cells hold no line breaks here. */
function csvCells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

describe('one recording as JSON lines, CSV and Arrow', () => {
  let json: Row[] = [];
  let session: Session;
  beforeAll(async () => {
    json = jsonRows((await command(['decode', ipfix])).stdout);
    session = new Session(join(scratch.path, 'engine'));
  });
  afterAll(() => session.cleanup());

  test('JSON lines tell on standard error how many rows they are', async () => {
    const { code, stderr } = await command(['decode', '--output', 'none', ipfix]);
    expect(stderr.replaceAll(' ', '')).toContain(`${json.length}flowrecords`);
    expect(json.length).toBeGreaterThan(3000);
    expect(code).toBe(0);
  });

  test('CSV has the same rows in the same order', async () => {
    const { code, stdout } = await command(['decode', '--output', 'csv', '--quiet', ipfix]);
    const [header, ...lines] = stdout.trimEnd().split('\n');
    const names = csvCells(header!);
    expect(names).toEqual(Object.keys(json[0]!));
    expect(lines.map(csvCells)).toEqual(json.map((row) => names.map((name) => (row[name] === null ? 'NaN' : String(row[name])))));
    expect(code).toBe(0);
  });

  test('Arrow, read back by ClickHouse, has the same rows in the same order', async () => {
    const { code, stdoutBytes } = await command(['decode', '--output', 'arrow', '--quiet', ipfix]);
    const file = scratch.write('rows.arrow', stdoutBytes);
    const names = Object.keys(json[0]!).filter((name) => typeof json[0]![name] === 'number');
    const text = session.query(
      `SELECT ${names.map((name) => `toFloat64(${name})`).join(', ')} FROM file('${file}', ArrowStream) FORMAT JSONCompactEachRow SETTINGS output_format_json_quote_64bit_floats = 0, max_threads = 1`,
    );
    const rows = String(text)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    expect(names.length).toBeGreaterThan(15);
    expect(rows).toEqual(json.map((row) => names.map((name) => row[name])));
    const peers = String(
      session.query(
        `SELECT replaceOne(IPv6NumToString(destinationIPv6Address), '::ffff:', '') FROM file('${file}', ArrowStream) FORMAT TSV SETTINGS max_threads = 1`,
      ),
    );
    expect(peers.trimEnd().split('\n')).toEqual(json.map(({ destinationIPv6Address }) => destinationIPv6Address));
    expect(code).toBe(0);
  });

  test('no rows are a header, and an Arrow stream of none', async () => {
    const empty = scenarioHeader();
    const csv = await command(['decode', '--output', 'csv', '--quiet', empty]);
    expect(csv.stdout).toBe(`${Object.keys(json[0]!).join(',')}\n`);
    const arrow = await command(['decode', '--output', 'arrow', '--quiet', empty]);
    const file = scratch.write('none.arrow', arrow.stdoutBytes);
    expect(String(session.query(`SELECT count() FROM file('${file}', ArrowStream) FORMAT TSV`)).trim()).toBe('0');
    expect([csv.code, arrow.code]).toEqual([0, 0]);
  });
});

/** A capture that holds its header alone. */
function scenarioHeader(): string {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 65_535, true);
  view.setUint32(20, 1, true);
  return scratch.write('header.pcap', bytes);
}

describe('standard input and output', () => {
  test('a capture on standard input gives what the file gives', async () => {
    const fromFile = await command(['decode', '--quiet', packets]);
    const piped = await command(['decode', '--quiet', '-'], { input: readFileSync(packets) });
    expect(piped.stdout).toBe(fromFile.stdout);
    expect(piped.code).toBe(0);
  });

  test('flow exports on standard input are read where the format is given', async () => {
    const fromFile = await command(['decode', '--quiet', ipfix]);
    const piped = await command(['decode', '--quiet', '--format', 'export-pcap', '-'], { input: readFileSync(ipfix) });
    expect(piped.stdout).toBe(fromFile.stdout);
  });

  test.each(['json', 'csv', 'arrow'])('a reader that has seen enough ends %s quietly', async (output) => {
    const main = join(packageRoot(), 'dist/cli/main.js');
    const shell = spawn(
      'bash',
      [
        '-c',
        `"${process.execPath}" "${main}" decode --quiet --output ${output} "$0" "$0" "$0" | head -c 100 >/dev/null; echo "\${PIPESTATUS[0]}"`,
        packets,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const said: Buffer[] = [];
    shell.stdout.on('data', (chunk: Buffer) => void said.push(chunk));
    shell.stderr.on('data', (chunk: Buffer) => void said.push(chunk));
    await new Promise((resolve) => shell.once('close', resolve));
    expect(Buffer.concat(said).toString()).toBe('0\n');
  });
});

describe.skipIf(corpora === undefined)(`logstash-codec-netflow through decode${SKIPPED}`, () => {
  const folder = join(corpora ?? '', 'flows/logstash-codec-netflow');
  /** The ordered datagrams of a case, glued to one file as netcat would write them: how decode gets bare datagrams. */
  const glued = (name: string): { file: string; expected: LogstashCase } => {
    const expected = readJson<LogstashCase>(join(folder, 'expected', `${name}.json`));
    const file = join(scratch.path, `${name}.netflow`);
    writeFileSync(file, Buffer.concat(expected.input.map((input) => readFileSync(join(folder, 'spec/codecs', input)))));
    return { file, expected };
  };

  test('gives the asserted record counts in at least nine of ten cases', async () => {
    const names = readdirSync(join(folder, 'expected')).map((file) => basename(file, '.json'));
    const different: string[] = [];
    let asserted = 0;
    for (const name of names) {
      const { file, expected } = glued(name);
      if (expected.decoded_count === null) continue;
      asserted++;
      const { records, options } = await recordsOf(file);
      if (records + options !== expected.decoded_count)
        different.push(`${name}: ${records} flows and ${options} options of ${expected.decoded_count}`);
    }
    expect(asserted).toBeGreaterThan(40);
    expect(different).toEqual(EXPLAINED.map(([name, found]) => `${name}: ${found}`));
    expect(different.length / asserted).toBeLessThanOrEqual(0.1);
  });

  test('and the command prints those rows', async () => {
    const { file, expected } = glued('IPFIX-Barracuda-firewall');
    const { code, stdout } = await command(['decode', '--quiet', '--format', 'netflow', file]);
    expect(jsonRows(stdout)).toHaveLength(expected.decoded_count!);
    expect(code).toBe(0);
  });
});

/** Cases that decode counts otherwise, and why its count is the right one. */
const EXPLAINED: readonly (readonly [name: string, found: string, why: string])[] = [
  ['IPFIX', '12 flows and 1 options of 7', 'a dump of several messages: Logstash takes it for one payload and reads the first'],
  ['Netflow-5-valid-01', '30 flows and 0 options of 2', 'a dump of twelve datagrams, of which Logstash reads the first'],
  ['Netflow-9-Cisco-WLC', '0 flows and 0 options of 19', 'statistics of wireless stations: no source and no destination, hence no flow'],
];

async function recordsOf(path: string): Promise<{ records: number; options: number }> {
  let records = 0;
  let options = 0;
  const collector = createCollector({
    flows: {
      write: async (batch) => {
        records += batch.length;
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async (minutes) => {
      for (let row = 0; row < minutes.length; row++) options += minutes.columns.optionsRecords[row]!;
    },
  });
  await readFileInto(collector, { path, format: 'netflow', sensor: 'logstash' });
  await collector.flush();
  await collector.flushLedger(Number.POSITIVE_INFINITY);
  return { records, options };
}

describe.skipIf(corpora === undefined)(`ipfixprobe's mixed.pcap${SKIPPED}`, () => {
  test('gives the biflows that ipfixprobe expects, ICMP apart', async () => {
    const functional = join(corpora!, 'pcap/ipfixprobe/tests/functional');
    if (!existsSync(functional)) return;
    const lines = readFileSync(join(functional, 'outputs/basic'), 'utf8').trim().split('\n');
    const header = lines
      .find((line) => line.startsWith('ipaddr'))!
      .split(',')
      .map((cell) => cell.split(' ')[1]!);
    const wanted = lines
      .filter((line) => !line.startsWith('ipaddr'))
      .map((line) => line.split(','))
      .map((cells) => (name: string) => cells[header.indexOf(name)] ?? '')
      .filter((cell) => cell('PROTOCOL') !== '1' && cell('PROTOCOL') !== '58')
      .map((cell) =>
        [
          `${cell('SRC_IP')} ${cell('SRC_PORT')} > ${cell('DST_IP')} ${cell('DST_PORT')} / ${cell('PROTOCOL')}`,
          `${cell('BYTES')} in ${cell('PACKETS')}, back ${cell('BYTES_REV')} in ${cell('PACKETS_REV')}`,
        ].join(': '),
      );
    const { code, stdout } = await command(['decode', '--quiet', join(functional, 'inputs/mixed.pcap')]);
    const ours = new Set(
      jsonRows(stdout).map((row) =>
        [
          `${row.sourceIPv6Address} ${row.sourceTransportPort} > ${row.destinationIPv6Address} ${row.destinationTransportPort} / ${row.protocolIdentifier}`,
          `${row.octetDeltaCount} in ${row.packetDeltaCount}, back ${row.reverseOctetDeltaCount} in ${row.reversePacketDeltaCount}`,
        ].join(': '),
      ),
    );
    expect(wanted).toHaveLength(34);
    expect(wanted.filter((biflow) => !ours.has(biflow))).toEqual([]);
    expect(code).toBe(0);
  });
});
