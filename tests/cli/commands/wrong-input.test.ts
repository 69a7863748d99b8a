import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDist } from '../../pipeline/support/dist.js';
import { type CommandOptions, command, commandHere, scenarioFile, scratchFolder } from '../support/command.js';

/*
 * A person who mistypes reads one sentence that says where, what and what to do; a script reads exit code 4; nobody reads a stack trace, half a result, or
 * good news about a file that was never found.
 */

const scratch = scratchFolder();
const claims = scenarioFile('port-scanners', 'claims.yaml');
const packets = scenarioFile('port-scanners', 'packets.pcap.gz');
const ipfix = scenarioFile('port-scanners', 'ipfix.pcap.gz');
const claimsText = readFileSync(claims, 'utf8');
/** Nothing listens on the discard port of these machines. */
const AWAY = '127.0.0.1:9';

const unknownKey = scratch.write('unknown-key.yaml', claimsText.replace(/^owner:/m, 'ownr:'));
const hostBits = scratch.write('host-bits.yaml', claimsText.replace('10.40.0.0/16', '10.40.1.0/16'));
const wrongKind = scratch.write('severity.yaml', claimsText.replace('severity: critical', 'severity: dire'));
const brokenYaml = scratch.write('broken.yaml', 'version: [1\n');
const emptyFile = scratch.write('empty', '');
const text = scratch.write('notes.txt', 'these are notes, and no capture\n');
const sameId = scratch.write('same-id.yaml', claimsText.replaceAll('scan-mv-', 'scan-rt-').replaceAll('10.40.10.1', '10.40.11.1'));
const noPackets = scratch.write('no-packets.pcap', gunzipSync(readFileSync(packets)).subarray(0, 24));

let tcp: Server;
let udp: Socket;
let tcpPort = 0;
let udpPort = 0;

function config(name: string, yaml: string): string {
  return scratch.write(name, yaml);
}

beforeAll(async () => {
  await freshDist();
  tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  tcpPort = (tcp.address() as { port: number }).port;
  udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  udpPort = udp.address().port;
});

afterAll(() => {
  tcp.close();
  udp.close();
});

/** Each wrong call with what the sentence must name. Made late: ports are known only then. */
type Wrong = readonly [what: string, args: () => string[], names: readonly (string | RegExp)[], options?: () => CommandOptions];

let folders = 0;
const data = (): string[] => ['--data', join(scratch.path, `data-${folders++}`)];
const run = (...more: string[]): string[] => ['run', '--claims', claims, ...data(), '--listen', '127.0.0.1:0', ...more];

const CLAIM_FILES: readonly Wrong[] = [
  ['an unknown key', () => ['replay', ipfix, '--claims', unknownKey], [`${unknownKey}:6:1:`, "'ownr'", "did you mean 'owner'?"]],
  [
    'host bits in a prefix',
    () => ['replay', ipfix, '--claims', hostBits],
    [/host-bits\.yaml:\d+:\d+: '10\.40\.1\.0\/16' has host bits/, '10.40.0.0/16'],
  ],
  ['a word that is not known', () => ['replay', ipfix, '--claims', wrongKind], [/severity\.yaml:\d+:\d+: 'dire'/, 'write one of']],
  ['a file that is no YAML', () => ['replay', ipfix, '--claims', brokenYaml], [`${brokenYaml}:2:1:`, 'not valid YAML']],
  ['an empty file', () => ['replay', ipfix, '--claims', emptyFile], [`${emptyFile}:1:1:`, 'must be a map']],
  ['a capture in its place', () => ['replay', ipfix, '--claims', packets], [`${packets}:1:1:`, 'UTF-8']],
  ['a missing file', () => ['run', '--claims', 'gone.yaml', ...data()], [/gone\.yaml:1:1: .*cannot be read/, 'check the path']],
  ['a folder', () => ['replay', ipfix, '--claims', scratch.path], [scratch.path, 'EISDIR']],
  ['the same file twice', () => ['replay', ipfix, '--claims', claims, claims], [claims, 'twice']],
  ['two files of one id', () => ['replay', ipfix, '--claims', claims, sameId], [sameId, claims, "'port-scanners'"]],
  ['no file at all', () => ['replay', ipfix], ['--claims']],
  ['missing approvals', () => ['replay', ipfix, '--claims', claims, '--approvals', 'gone.jsonl'], [/gone\.jsonl:1:1: .*cannot be read/]],
  ['approvals that are none', () => ['replay', ipfix, '--claims', claims, '--approvals', text], [`${text}:1:1:`, '"ticket"']],
];

const FILES: readonly Wrong[] = [
  ['a missing file', () => ['decode', 'gone.pcap'], ["'gone.pcap' does not exist", 'check the path']],
  ['a missing file to replay', () => ['replay', 'gone.pcap', '--claims', claims], ["'gone.pcap' does not exist"]],
  ['a folder', () => ['decode', scratch.path], [/'cordon-cli-test-\w+' is a directory/]],
  ['a text', () => ['decode', text], ["'notes.txt' is no capture", 'a pcap begins with', '--format']],
  ['an empty file', () => ['decode', emptyFile], ["'empty' is no capture: the file is empty"]],
  ['an empty standard input', () => ['decode', '-'], ['standard input is no capture']],
  ['a text as flow exports', () => ['decode', '--format', 'netflow', text], ['holds no NetFlow v5, v9 or IPFIX']],
  ['traffic as flow exports', () => ['decode', '--format', 'export-pcap', packets], [packets, '--format pcap']],
  ['a format that is none', () => ['decode', '--format', 'nfcap', ipfix], ['--format', 'export-pcap']],
  ['an output that is none', () => ['decode', '--output', 'xml', ipfix], ['--output', 'arrow']],
  ['traffic sent on as exports', () => ['replay', packets, '--format', 'pcap', '--to', `udp://127.0.0.1:${udpPort}`], [packets, 'udp://']],
  ['a missing expectation', () => ['replay', '--scenario', 'port-scanners', '--expect', 'gone.json'], ['gone.json', '--write-expected']],
  ['an expectation that is none', () => ['replay', '--scenario', 'port-scanners', '--expect', text], [text, '"findings"']],
];

const FLAGS: readonly Wrong[] = [
  ['no command', () => [], ['Usage: cordon']],
  ['an unknown command', () => ['detekt'], ["unknown command 'detekt'"]],
  ['an unknown flag', () => ['run', '--claim', 'x'], ["unknown option '--claim'", '--claims']],
  ['no file', () => ['decode'], ["missing required argument 'file'"]],
  ['neither file nor scenario', () => ['replay'], ['--scenario']],
  ['an unknown scenario', () => ['replay', '--scenario', 'port-scanner'], ["'port-scanner'", 'port-scanners, billing-cluster']],
  ['an unknown input of a scenario', () => ['replay', '--scenario', 'port-scanners', '--input', 'sflow'], ["'sflow'", 'packets, netflow5']],
  ['a scenario and a file', () => ['replay', '--scenario', 'port-scanners', ipfix], ['leave out', ipfix]],
  ['a scenario and other claims', () => ['replay', '--scenario', 'port-scanners', '--claims', claims], ['leave out --claims']],
  ['a speed that is none', () => ['replay', '--scenario', 'port-scanners', '--speed', 'fast'], ['--speed fast', '60x']],
  ['a speed of nothing', () => ['replay', '--scenario', 'port-scanners', '--speed', '0x'], ['--speed 0x']],
  ['a target that is none', () => ['replay', '--scenario', 'port-scanners', '--to', 'nowhere'], ['--to nowhere', 'udp://host:port']],
  ['a target without port', () => ['replay', ipfix, '--to', 'udp://127.0.0.1'], ['--to udp://127.0.0.1', 'udp://host:port']],
  ['a port beyond the last', () => ['replay', ipfix, '--to', 'udp://127.0.0.1:70000'], ['70000', '65535']],
  ['a machine of no such name', () => ['replay', ipfix, '--to', 'udp://gone.invalid:2055'], ["'gone.invalid'"]],
  ['judging what is only sent', () => ['replay', ipfix, '--to', `udp://127.0.0.1:${udpPort}`, '--json'], ['leave out --json']],
  [
    'an instant without zone',
    () => ['replay', ipfix, '--claims', claims, '--from', '2026-12-03T00:00:00'],
    ['--from 2026-12-03T00:00:00', '+01:00'],
  ],
  ['an instant that is none', () => ['verdict', '--claims', claims, '--until', 'yesterday'], ['--until yesterday']],
  [
    'a period that runs backwards',
    () => ['replay', ipfix, '--claims', claims, '--from', '2026-12-04T00:00:00Z', '--until', '2026-12-03T00:00:00Z'],
    ['--until', '--from'],
  ],
  ['--once without scenarios', () => ['run', '--once'], ['--bundled', 'cordon replay']],
  ['--bundled with claims', () => ['run', '--bundled', '--claims', claims], ['leave out --claims']],
  ['a console port that is none', () => ['run', '--bundled', '--port', 'abc'], ['--port abc']],
  ['a console port beyond the last', () => ['run', '--bundled', '--port', '99999'], ['--port 99999', '65535']],
  [
    'an address to listen on that is none',
    () => ['run', '--bundled', '--listen', 'localhost:2055'],
    ['--listen', "'localhost:2055'", '127.0.0.1:2055'],
  ],
  ['a log level that is none', () => ['config', '--log-level', 'loud'], ['--log-level', "'loud'", 'debug']],
  [
    'a log level that is none, by environment',
    () => ['config'],
    ['CORDON_LOG_LEVEL', "'loud'"],
    () => ({ env: { CORDON_LOG_LEVEL: 'loud' } }),
  ],
  ['a folder of no store', () => ['findings', 'list', '--data', join(scratch.path, 'typo')], [join(scratch.path, 'typo'), '--data']],
  [
    'a folder of no store, judged',
    () => ['verdict', '--claims', claims, '--data', join(scratch.path, 'typo')],
    [join(scratch.path, 'typo')],
  ],
  ['a file where dashboards go', () => ['dashboards', '--to', text], [text, 'folder']],
];

const TOOLS: readonly Wrong[] = [
  ['no flow to explain', () => ['claims', 'explain', claims], ['give a flow', '--finding']],
  ['a flow that is none', () => ['claims', 'explain', claims, 'all of it'], ["'all of it' is no flow", "write '10.40"]],
  [
    'a flow of nobody',
    () => ['claims', 'explain', claims, '192.0.2.1:1 > 192.0.2.2:2 udp 2026-12-03T03:00:00Z'],
    ['no end of this flow is an asset', claims],
  ],
  ['a finding without store', () => ['claims', 'explain', claims, '--finding', 'aa', ...data()], ['there is no store', '--data']],
  ['no tests', () => ['claims', 'test', sameId], ['there are no tests', "'tests:'"]],
  ['a missing claim file to compare', () => ['claims', 'diff', claims, 'gone.yaml'], [/gone\.yaml:1:1: .*cannot be read/]],
  ['nothing to learn about', () => ['claims', 'learn', packets], ['--skeleton', '--asset NAME=ADDRESS']],
  ['an asset without address', () => ['claims', 'learn', '--asset', 'scan-1', '--', packets], ['--asset scan-1', 'NAME=ADDRESS']],
  ['flows of nobody to learn from', () => ['claims', 'learn', '--asset', 'x=192.0.2.99', '--', packets], ['none of the flows']],
  [
    'a fleet that the skeleton lacks',
    () => ['claims', 'learn', '--skeleton', claims, '--fleet', 'x', packets],
    ['no such fleet', '--fleet'],
  ],
  ['no MUD file', () => ['claims', 'import-mud', text, '--asset', 'a=192.0.2.1'], [text, 'no JSON']],
  ['a fleet without MUD', () => ['claims', 'export-mud', claims, '--fleet', 'x'], ["no fleet 'x'", 'scanners']],
];

const CONFIGURATION: readonly Wrong[] = [
  ['a missing file', () => ['config', '--config', 'gone.yaml'], ['gone.yaml', '--config']],
  ['an unknown key', () => ['config', '--config', config('k.yaml', 'kafkaa:\n  brokers: []\n')], ['k.yaml:1:1:', "'kafkaa'", "'kafka'"]],
  [
    'an unknown detection',
    () => ['config', '--config', config('d.yaml', 'detections: { D02: { x: 1 } }\n')],
    ['d.yaml: detections:', "'D02'", 'new-destination'],
  ],
  [
    'an unknown parameter of a detection',
    () => run('--config', config('p.yaml', 'detections: { new-destination: { warmUp: 1 } }\n')),
    ['p.yaml: detections:', "'warmUp'", 'warmUpHours'],
  ],
  [
    'a parameter out of range',
    () => run('--config', config('r.yaml', 'detections: { new-destination: { warmUpHours: -1 } }\n')),
    ['r.yaml: detections:', "'warmUpHours'", /it may be \d/],
  ],
  [
    'host bits',
    () => ['config', '--config', config('a.yaml', 'collector: { allow: [10.0.0.1/8] }\n')],
    ['a.yaml: collector.allow:', '10.0.0.0/8'],
  ],
  [
    'a sensor of no address',
    () => ['config', '--config', config('s.yaml', 'collector: { sensors: { foo: bar } }\n')],
    ['s.yaml: collector.sensors:', "'foo'"],
  ],
  [
    'a port beyond the last',
    () => ['config', '--config', config('l.yaml', 'collector: { listen: ["127.0.0.1:70000"] }\n')],
    ['l.yaml: collector.listen:', '70000'],
  ],
  [
    'a console beyond loopback without token',
    () => run('--config', config('c.yaml', 'console: { host: 0.0.0.0 }\n')),
    ['0.0.0.0', 'CORDON_CONSOLE_TOKEN'],
  ],
  [
    'a broker that is none',
    () => ['collect', '--claims', claims],
    ['CORDON_KAFKA_BROKERS', "'kafka'", 'host:port'],
    () => ({ env: { CORDON_KAFKA_BROKERS: 'kafka' } }),
  ],
  [
    'a server address that is none',
    () => ['findings', 'list'],
    ['CORDON_CLICKHOUSE_URL', "'clickhouse'", 'http://'],
    () => ({ env: { CORDON_CLICKHOUSE_URL: 'clickhouse' } }),
  ],
];

const SURROUNDINGS: readonly Wrong[] = [
  ['the console port in use', () => run('--port', String(tcpPort)), [/console's port \d+ on 127\.0\.0\.1 is in use/, 'another']],
  [
    'the console port in use, bundled',
    () => ['run', '--bundled', '--listen', '127.0.0.1:0', '--port', String(tcpPort)],
    [/port \d+ on 127\.0\.0\.1 is in use/],
  ],
  [
    'the UDP port in use',
    () => ['run', '--claims', claims, ...data(), '--listen', `127.0.0.1:${udpPort}`],
    [/UDP port \d+ on 127\.0\.0\.1 is in use/, 'another port'],
  ],
  [
    'an address of another machine',
    () => ['run', '--claims', claims, ...data(), '--listen', '203.0.113.1:2055'],
    ['203.0.113.1', 'no such address'],
  ],
  [
    'the metrics port in use',
    () => ['collect', '--claims', claims, '--listen', '127.0.0.1:0', '--config', config('m.yaml', `metrics: { port: ${tcpPort} }\n`)],
    [/metrics port 127\.0\.0\.1:\d+ is in use/, 'metrics.port'],
    () => ({ env: { CORDON_KAFKA_BROKERS: AWAY } }),
  ],
  [
    'the UDP port in use, to collect',
    () => ['collect', '--claims', claims, '--listen', `127.0.0.1:${udpPort}`, '--config', config('m0.yaml', 'metrics: { port: 0 }\n')],
    [/UDP port \d+ on 127\.0\.0\.1 is in use/],
    () => ({ env: { CORDON_KAFKA_BROKERS: AWAY } }),
  ],
  [
    "the front's port in use",
    () => run('--port', '0', '--config', config('f.yaml', `front: { port: ${tcpPort} }\n`)),
    [/port \d+ on 127\.0\.0\.1 is in use/],
    () => ({ env: { CORDON_FRONT_PASSWORD: 'secret' } }),
  ],
  ['a file in place of the data folder', () => ['run', '--claims', claims, '--data', text], [text, '--data']],
  ['a file in place of its parent', () => ['replay', '--scenario', 'port-scanners', '--data', join(text, 'data')], [text, '--data']],
  ['no broker named', () => ['detect', '--claims', claims], ['kafka.brokers', 'CORDON_KAFKA_BROKERS']],
  // collect begins without a broker: it keeps frames on disk until one is there (tests/pipeline/buffer.test.ts).
  ...['detect', 'store'].map(
    (role): Wrong => [
      `no broker for ${role}`,
      () => [
        role,
        '--claims',
        claims,
        ...data(),
        '--config',
        config(`${role}.yaml`, 'metrics: { port: 0 }\ncollector: { listen: ["127.0.0.1:0"] }\n'),
      ],
      [`no Kafka broker answers at ${AWAY}`, 'start the broker'],
      () => ({ env: { CORDON_KAFKA_BROKERS: AWAY } }),
    ],
  ),
  [
    'no broker to replay to',
    () => ['replay', '--scenario', 'port-scanners', '--to', 'kafka'],
    [`no Kafka broker answers at ${AWAY}`],
    () => ({ env: { CORDON_KAFKA_BROKERS: AWAY } }),
  ],
  [
    'no database server',
    () => ['findings', 'list'],
    ['ClickHouse at http://127.0.0.1:9 does not answer'],
    () => ({ env: { CORDON_CLICKHOUSE_URL: 'http://127.0.0.1:9' } }),
  ],
];

/** Commands that end by themselves run in this process; what starts services, and what reads standard input, in one of its own, as users start it. */
function endsByItself(words: readonly string[]): boolean {
  return !['run', 'collect', 'detect', 'store'].includes(words[0] ?? '') && !words.includes('-');
}

const GROUPS = {
  'claim files': CLAIM_FILES,
  files: FILES,
  flags: FLAGS,
  'claim tools': TOOLS,
  configuration: CONFIGURATION,
  surroundings: SURROUNDINGS,
};

describe.concurrent.each(Object.entries(GROUPS))('wrong %s end with exit code 4 and a sentence', (_group, cases: readonly Wrong[]) => {
  test.each(cases.map(([what, args, names, options]) => ({ what, args, names, options })))('$what', async ({ args, names, options }) => {
    const words = args();
    const { code, stdout, stderr } = await (endsByItself(words) ? commandHere : command)(words, { cwd: scratch.path, ...options?.() });
    // What a service logs stands in JSON lines of its own.
    const said = stderr
      .split('\n')
      .filter((line) => !line.startsWith('{"level":'))
      .join('\n');
    for (const name of names) {
      if (typeof name === 'string') expect(said).toContain(name);
      else expect(said).toMatch(name);
    }
    expect(stdout).toBe('');
    expect(said).not.toMatch(/^ {4}at |Error:/m);
    expect(code).toBe(4);
  });
});

describe('input that is right and holds nothing', () => {
  test('a capture without packets decodes to nothing', async () => {
    expect(await command(['decode', noPackets])).toMatchObject({ code: 0, stdout: '', stderr: '0 packets, 0 flow records\n' });
  });

  test.each([
    ['an empty capture', () => [noPackets]],
    ['a capture of other assets', () => [scenarioFile('billing-cluster', 'ipfix.pcap.gz')]],
  ] as const)('%s is not proven, never verified', async (_what, files) => {
    const { code, stdout } = await command(['replay', ...files(), '--claims', claims]);
    expect(stdout).toBe('No record concerns an asset of the claims: nothing was judged, and nothing is proven.\n');
    expect(code).toBe(2);
  });

  test('telemetry of sensors that the claims do not name proves nothing', async () => {
    const other = scratch.write('other-exporter.yaml', claimsText.replace('exporter: "10.40.0.1"', 'exporter: "192.0.2.77"'));
    const { code, stdout } = await command(['replay', ipfix, '--claims', other]);
    expect(stdout).toContain('border-fw delivered nothing in this period');
    expect(stdout).not.toMatch(/^VERIFIED/m);
    expect(code).toBe(1);
  });
});

describe('a recording that is cut off', () => {
  const cut = scratch.write('cut.pcap.gz', readFileSync(packets).subarray(0, 20_000));

  test('decodes up to the cut, says so, and exits 3', async () => {
    const { code, stdout, stderr } = await command(['decode', cut]);
    expect(stdout.split('\n').length).toBeGreaterThan(100);
    expect(stderr).toContain(`'${cut}' is cut off or damaged`);
    expect(code).toBe(3);
  });

  test('is said to be so in a replay, whose verdicts are not verified', async () => {
    const { code, stdout, stderr } = await command(['replay', cut, '--claims', claims]);
    expect(stderr).toContain(`'${cut}' is cut off or damaged`);
    expect(stdout).not.toMatch(/^VERIFIED/m);
    expect([1, 2]).toContain(code);
  });
});

describe('cordon.yaml in the folder', () => {
  test('is read without being named, and its mistakes are told', async () => {
    const folder = join(scratch.path, 'with-config');
    mkdirSync(folder);
    scratch.write('with-config/cordon.yaml', 'logLevel: loud\n');
    const { code, stderr } = await command(['config'], { cwd: folder });
    expect(stderr).toMatch(/^cordon: cordon\.yaml:1:11: /);
    expect(code).toBe(4);
  });
});
