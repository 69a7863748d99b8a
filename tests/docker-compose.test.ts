import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ENVIRONMENT } from '../cli/environment.js';
import { CLICKHOUSE_PLUGIN, CLICKHOUSE_PLUGIN_VERSION, PROVISIONED_DATASOURCE_UID } from '../dashboards/definitions/clickhouse-query.js';
import { loadConfig } from '../flow/service/config.js';
import { packageRoot } from '../flow/service/paths.js';

/*
 * There is no Docker engine where this is developed: the Compose file is parsed and held against the code and the files it names, not run.
 */

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly network_mode?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

const root = packageRoot();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const dockerfile = read('docker/Dockerfile');
const example = read('.env.example');
/** The example's value, or the default, in the place of ${NAME:-default}, ${NAME-default} and ${NAME:?sentence}. */
const filled = (value: string): string =>
  value.replaceAll(
    /\$\{(\w+)(?::?[-?]([^}]*))?\}/g,
    (_match, name: string, fallback = '') => new RegExp(`^${name}=(.+)$`, 'm').exec(example)?.[1] ?? fallback,
  );

test('the services of the distributed shape', () => {
  expect(services.map(([name]) => name).sort()).toEqual(['clickhouse', 'collect', 'console', 'detect', 'grafana', 'kafka', 'store']);
  expect(Object.fromEntries(ours.map(([name, { command }]) => [name, command]))).toEqual(
    Object.fromEntries(
      ['collect', 'detect', 'store', 'console'].map((role) => [
        role,
        [role, '--config', '/etc/cordon/cordon.yaml', ...(role === 'console' ? ['--port', '3080'] : [])],
      ]),
    ),
  );
});

test("Grafana's maps ask no server for tiles: its default map, which it takes where panels may have none of their own, is a picture that it has", () => {
  const { environment } = compose.services.grafana!;
  expect(environment?.GF_GEOMAP_ENABLE_CUSTOM_BASELAYERS).toBe('false');
  const layer = JSON.parse(String(environment?.GF_GEOMAP_DEFAULT_BASELAYER_CONFIG)) as { type: string; config: { url: string } };
  expect([layer.type, layer.config.url.startsWith('data:image/')]).toEqual(['xyz', true]);
});

describe.each(services)('%s', (_name, service) => {
  test('its image has an exact version', () => {
    expect(service.image).toMatch(/^[a-z/-]+:\d+\.\d+\.\d+(?:\.\d+)?$/);
  });

  test('publishes on loopback, the exporters UDP ports excepted', () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^(?:127\.0\.0\.1:\d+:\d+|(2055|4739):\1\/udp)$/);
  });

  test('mounts files that exist, or named volumes', () => {
    for (const volume of service.volumes ?? []) {
      const source = filled(volume).split(':')[0]!;
      if (source.startsWith('.')) expect(existsSync(join(root, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes), volume).toContain(source);
    }
  });

  test('is told apart from a hanging one, and waits for what it needs to be healthy', () => {
    if (service.build === undefined || service.healthcheck !== undefined) expect(service.healthcheck?.test[0]).toBe('CMD');
    else expect(dockerfile).toMatch(/HEALTHCHECK[\s\S]*127\.0\.0\.1:9464\/healthz/);
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(Object.keys(compose.services)).toContain(name);
      expect(condition).toBe('service_healthy');
    }
  });

  test('no secret has a value here; an unset one is an error, and the example names it', () => {
    for (const [name, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|TOKEN|SECRET/.test(name)) expect(value, name).toMatch(/^\$\{\w+:\?.+\}$/);
      for (const [, used] of String(value).matchAll(/\$\{(\w+):\?/g)) expect(example).toMatch(new RegExp(`^${used}=$`, 'm'));
    }
  });
});

describe('our services', () => {
  test('every CORDON_ name is one that the program reads', () => {
    for (const [name, { environment }] of ours) {
      for (const variable of Object.keys(environment ?? {})) expect(Object.keys(ENVIRONMENT), `${name}: ${variable}`).toContain(variable);
    }
  });

  test('run without rights, from the Dockerfile that stands there', () => {
    for (const [name, { build, read_only, cap_drop }] of ours) {
      expect([existsSync(join(root, build!.dockerfile)), read_only, cap_drop], name).toEqual([true, true, ['ALL']]);
    }
    const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(stages).size).toBe(1);
    expect(stages[0]).toMatch(/^node:24\.\d+\.\d+-bookworm-slim$/);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain('npm ci --omit=dev');
    for (const [, path] of dockerfile.matchAll(/-p (\S+\.json)/g)) expect(existsSync(join(root, path!)), path).toBe(true);
  });

  test('their configuration is one that the program takes, and listens on the published ports', () => {
    const { config } = loadConfig(join(root, 'docker/cordon/cordon.yaml'));
    expect(config.collector.listen).toEqual(['0.0.0.0:2055', '0.0.0.0:4739']);
    expect([config.metrics.host, config.metrics.port]).toEqual(['0.0.0.0', 9464]);
    expect(compose.services.detect?.volumes).toContain(`detect-state:${config.data}`);
  });

  test('the claim file of the example is mounted where CORDON_CLAIMS looks for it', () => {
    const folder = /^CORDON_CLAIMS_FOLDER=(.+)$/m.exec(example)![1]!;
    const claims = filled(String(compose.services.detect!.environment!.CORDON_CLAIMS));
    expect(existsSync(join(root, folder, claims.replace('/etc/cordon/claims/', ''))), claims).toBe(true);
  });
});

describe('Grafana', () => {
  const { environment, volumes } = compose.services.grafana!;
  const provisioned = (path: string): string => {
    const mount = volumes!.find((volume) => volume.includes(`:${path}:`))!;
    return mount.split(':')[0]!;
  };

  test('makes no call to the internet but the pinned plugin', () => {
    expect(filled(String(environment!.GF_PLUGINS_PREINSTALL_SYNC))).toBe(`${CLICKHOUSE_PLUGIN}@${CLICKHOUSE_PLUGIN_VERSION}`);
    const off = [
      'ANALYTICS_REPORTING_ENABLED',
      'ANALYTICS_CHECK_FOR_UPDATES',
      'ANALYTICS_CHECK_FOR_PLUGIN_UPDATES',
      'NEWS_NEWS_FEED_ENABLED',
      'SNAPSHOTS_EXTERNAL_ENABLED',
      'PUBLIC_DASHBOARDS_ENABLED',
      'PLUGINS_PLUGIN_ADMIN_ENABLED',
    ];
    for (const name of off) expect(environment![`GF_${name}`], name).toBe('false');
    for (const name of ['SECURITY_DISABLE_GRAVATAR', 'PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED'])
      expect(environment![`GF_${name}`], name).toBe('true');
  });

  test('finds the generated dashboards, the overview as its home', () => {
    const provider = parse(read(join(provisioned('/etc/grafana/provisioning'), 'dashboards/cordon.yml'))) as {
      providers: { allowUiUpdates: boolean; options: { path: string } }[];
    };
    const path = provider.providers[0]!.options.path;
    expect(provider.providers[0]!.allowUiUpdates).toBe(false);
    const home = String(environment!.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH);
    expect(home.startsWith(`${path}/`)).toBe(true);
    expect(existsSync(join(root, provisioned(path), home.slice(path.length)))).toBe(true);
  });

  test('reads ClickHouse as the limited user, with the password from the environment', () => {
    const { datasources } = parse(read(join(provisioned('/etc/grafana/provisioning'), 'datasources/clickhouse.yml'))) as {
      datasources: {
        uid: string;
        type: string;
        editable: boolean;
        jsonData: Record<string, unknown>;
        secureJsonData: { password: string };
      }[];
    };
    const [source] = datasources;
    expect([source!.uid, source!.type, source!.editable]).toEqual([PROVISIONED_DATASOURCE_UID, CLICKHOUSE_PLUGIN, false]);
    expect([source!.jsonData.host, source!.jsonData.port, source!.jsonData.protocol]).toEqual(['clickhouse', 8123, 'http']);
    const password = source!.secureJsonData.password.slice(1);
    const users = read('detector/store/server-init/users.d/grafana-reader.xml');
    expect(users).toContain(`<${String(source!.jsonData.username)}>`);
    expect(users).toContain(`from_env="${password}"`);
    expect(users).toMatch(/<readonly>1<\/readonly>[\s\S]*<changeable_in_readonly\/>/);
    expect(users).toContain(`<query>GRANT SELECT ON ${String(source!.jsonData.defaultDatabase)}.*</query>`);
    expect(users).not.toMatch(/GRANT (?!SELECT|SHOW)/);
    for (const service of ['clickhouse', 'grafana'])
      expect(Object.keys(compose.services[service]!.environment!), service).toContain(password);
  });
});

describe('the buttons that decide', () => {
  const [source] = (
    parse(read('dashboards/provisioning/datasources/clickhouse.yml')) as {
      datasources: { url: string; jsonData: Record<string, string>; secureJsonData: Record<string, string> }[];
    }
  ).datasources;
  const { environment } = compose.services.grafana!;

  test('reach the console on loopback, in the network that it shares with Grafana, at the port that it listens on', () => {
    const { network_mode, command, ports, healthcheck } = compose.services.console!;
    expect([network_mode, ports]).toEqual(['service:grafana', undefined]);
    expect(source!.url).toBe(`http://127.0.0.1:${command!.at(-1)}`);
    expect(healthcheck!.test.at(-1)).toContain(`${source!.url}/healthz`);
    // Only loopback does without TLS: the configuration must not name another host.
    expect(loadConfig(join(root, 'docker/cordon/cordon.yaml')).config.console.host).toBe('127.0.0.1');
  });

  test('carry the token that the console asks for, which stays on the server of Grafana', () => {
    expect(source!.jsonData.httpHeaderName1).toBe('Authorization');
    const token = /^Bearer \$(\w+)$/.exec(source!.secureJsonData.httpHeaderValue1!)![1]!;
    expect(Object.keys(ENVIRONMENT)).toContain(token);
    for (const service of ['grafana', 'console'])
      expect(compose.services[service]!.environment![token], service).toMatch(/^\$\{CORDON_CONSOLE_TOKEN:\?/);
  });

  test('post to a path that Grafana allows, and it says who its user is', () => {
    const allowed = String(environment!.GF_SECURITY_ACTIONS_ALLOW_POST_URL);
    const pattern = new RegExp(`^${allowed.split('*').join('.*')}$`);
    const posts = [...read('dashboards/generated/triage.json').matchAll(/"url": "(\/api\/datasources[^"]+)"/g)].map(([, url]) => url!);
    expect(posts).toHaveLength(3);
    for (const url of posts) expect(url).toMatch(pattern);
    expect(environment!.GF_DATAPROXY_SEND_USER_HEADER).toBe('true');
  });
});

test('Kafka runs without ZooKeeper and makes no topic by accident', () => {
  const { environment } = compose.services.kafka!;
  expect(environment!.KAFKA_PROCESS_ROLES).toBe('broker,controller');
  expect(environment!.KAFKA_AUTO_CREATE_TOPICS_ENABLE).toBe('false');
  for (const [, service] of ours.filter(([name]) => name !== 'console'))
    expect(environment!.KAFKA_ADVERTISED_LISTENERS).toContain(`CLIENT://${String(service.environment!.CORDON_KAFKA_BROKERS)}`);
});
