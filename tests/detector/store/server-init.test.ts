import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibrary } from '../../../dashboards/console/library.js';
import { expandMacros } from '../../../dashboards/console/macros.js';
import { ALERT_RULES } from '../../../dashboards/definitions/alert-rules.js';
import { readSql } from '../../../dashboards/definitions/clickhouse-query.js';
import { createStore } from '../../../detector/store/store.js';
import { packageRoot } from '../../../flow/service/paths.js';
import { sourcesOf } from '../../dashboards/support/sources.js';

/*
 * The user that dashboards and alert rules read a ClickHouse server with. The engine here is the server's, as a library: a process of its own opens our tables as
 * that user, so what is granted and refused is not read from the text but tried. What the library has not is the setting that lets readonly change
 * max_execution_time; that line is held by its text.
 */

const root = packageRoot();
const users = await readFile(join(root, 'detector/store/server-init/users.d/grafana-reader.xml'), 'utf8');
const sql = await readFile(join(root, 'detector/store/server-init/users.sql'), 'utf8');

/** Runs statements as the user and answers, for each, its rows or the name of its error. */
const PROGRAM = `
import { createRequire } from 'node:module';
const { Session } = createRequire(process.argv[2])('chdb');
let input = '';
for await (const chunk of process.stdin) input += chunk;
const { data, config, statements } = JSON.parse(input);
const session = new Session(data, { connectionArgs: ['--config-file=' + config] });
const answers = statements.map((statement) => {
  try { return String(session.query(statement, 'TabSeparated')).trim().replaceAll('\\n', '; '); }
  catch (error) { return 'ERROR ' + (/\\(([A-Z_]+)\\)\\s*$/.exec(error.message)?.[1] ?? error.message); }
});
process.stdout.write('\\n' + JSON.stringify(answers));
session.close();
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-reader-'));
  const store = createStore({ kind: 'chdb', path: join(folder, 'data') });
  await store.start();
  await store.migrate();
  await store.close();
  const [profiles, rest] = users.replace('<changeable_in_readonly/>', '').split('<users>');
  const renamed = rest!
    .replaceAll('grafana_reader>', 'default>')
    .replace('<profile>default</profile>', '<profile>grafana_reader</profile>');
  const asDefault = `${profiles!.replace('<profiles>', '<profiles><default/>')}<quotas><default/></quotas><users>${renamed}`;
  await writeFile(join(folder, 'users.xml'), asDefault.replace(/<password from_env="\w+"\/>/, '<password></password>'));
  await writeFile(
    join(folder, 'config.xml'),
    `<clickhouse><timezone>UTC</timezone><users_config>${folder}/users.xml</users_config>
    <user_directories><users_xml><path>${folder}/users.xml</path></users_xml></user_directories></clickhouse>`,
  );
  await writeFile(join(folder, 'reader.mjs'), PROGRAM);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function asReader(statements: readonly string[]): Promise<string[]> {
  const child = spawn(process.execPath, [join(folder, 'reader.mjs'), join(root, 'package.json')], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ data: join(folder, 'data'), config: join(folder, 'config.xml'), statements }));
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  return JSON.parse(output.slice(output.lastIndexOf('\n') + 1)) as string[];
}

describe('the reader', () => {
  test('may run every query of every dashboard, variable and annotation, and every alert rule', async () => {
    const library = loadLibrary(join(root, 'dashboards/generated'));
    const now = Date.parse('2026-12-03T23:00:00Z');
    const range = { from: 'now-24h', to: 'now', variables: {} };
    const screens = library.dashboards.flatMap((dashboard) =>
      sourcesOf(dashboard).map(({ source }) => library.expand({ dashboard: dashboard.uid, source, ...range }, now).sql),
    );
    const alerts = ALERT_RULES.map(({ name, rangeMs }) =>
      expandMacros(readSql('alerts', name), { fromMs: now - rangeMs, toMs: now, intervalMs: 60_000 }),
    );
    const asked = [...screens, ...alerts];
    expect(asked.length).toBeGreaterThan(50);
    const answers = await asReader(asked);
    expect(answers.flatMap((answer, index) => (answer.startsWith('ERROR') ? [`${answer}: ${asked[index]}`] : []))).toEqual([]);
  });

  test('may do nothing else: no writing, no tables of its own, no files, no network, no other users, no looser limits', async () => {
    const refused = {
      'INSERT INTO cordon.flows (asset) SELECT 1': 'ACCESS_DENIED',
      'ALTER TABLE cordon.flows DELETE WHERE 1': 'ACCESS_DENIED',
      'DROP TABLE cordon.flows': 'ACCESS_DENIED',
      'CREATE TABLE cordon.mine (a UInt8) ENGINE = Memory': 'ACCESS_DENIED',
      'CREATE TEMPORARY TABLE mine (a UInt8)': 'ACCESS_DENIED',
      "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')": 'ACCESS_DENIED',
      "SELECT * FROM file('/etc/passwd', 'CSV', 'a String')": 'ACCESS_DENIED',
      "SELECT * FROM remote('127.0.0.1', 'cordon', 'flows')": 'ACCESS_DENIED',
      'SELECT * FROM system.users': 'ACCESS_DENIED',
      'SHOW ACCESS': 'ACCESS_DENIED',
      'SELECT 1 SETTINGS max_memory_usage = 0': 'READONLY',
      'SELECT 1 SETTINGS readonly = 0': 'READONLY',
      'SELECT number FROM numbers(200001)': 'TOO_MANY_ROWS_OR_BYTES',
    };
    expect(await asReader(Object.keys(refused))).toEqual(Object.values(refused).map((name) => `ERROR ${name}`));
  });

  test('sees what the query builder asks for, and is limited as written', async () => {
    const asked = [
      'SHOW GRANTS',
      'SHOW DATABASES',
      "SELECT count() > 10 FROM system.columns WHERE database = 'cordon' AND table = 'flows'",
      'DESC TABLE cordon.flows',
      "SELECT getSetting('readonly'), getSetting('max_execution_time'), getSetting('max_memory_usage'), getSetting('max_result_bytes'), getSetting('max_concurrent_queries_for_user')",
    ];
    const [grants, ...rest] = await asReader(asked);
    // Beside our database only what tells the sizes of its tables, which shows no row of anybody.
    const system = ['system.tables', 'system.parts', 'system.disks'];
    for (const grant of grants!.split('; ')) {
      const [, rights, where] = /^GRANT (.+) ON (\S+) TO default$/.exec(grant)!;
      if (where === 'cordon.*') expect(rights).toBe('SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, SELECT');
      else expect([rights, system], grant).toEqual(['SELECT', expect.arrayContaining([where])]);
    }
    expect(grants).toContain(' ON cordon.* ');
    expect(rest).toEqual([
      expect.stringMatching(/^cordon(?:; |$)/),
      '1',
      expect.stringMatching(/^flowStartMilliseconds\t/),
      '1\t30\t2000000000\t268435456\t64',
    ]);
  });
});

test('the same user as SQL has the same limits and grants, and what must be set in the server’s configuration is set', async () => {
  const limits = [...users.matchAll(/<(readonly|max_\w+|result_overflow_mode)>([\w-]+)<\/\1>/g)].map(([, name, value]) => [name, value]);
  expect(limits.length).toBeGreaterThanOrEqual(7);
  for (const [name, value] of limits) expect(sql).toMatch(new RegExp(`\\b${name} = '?${value}'?[ ,;]`));
  expect(users).toMatch(/<max_execution_time>\s*<changeable_in_readonly\/>\s*<max>300<\/max>/);
  expect(sql).toContain('max_execution_time = 30 MAX 300 CHANGEABLE_IN_READONLY');
  expect(sql).toContain('GRANT SELECT, SHOW DATABASES, SHOW TABLES, SHOW COLUMNS ON cordon.* TO grafana_reader;');
  expect(await readFile(join(root, 'docker/clickhouse/config.d/cordon.xml'), 'utf8')).toContain(
    '<settings_constraints_replace_previous>true</settings_constraints_replace_previous>',
  );
  // Grafana's plugin sends its query timeout, some seconds more, as max_execution_time.
  const source = await readFile(join(root, 'dashboards/provisioning/datasources/clickhouse.yml'), 'utf8');
  expect(Number(/queryTimeout: '(\d+)'/.exec(source)![1]) + 5).toBeLessThan(300);
});
