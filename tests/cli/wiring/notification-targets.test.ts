import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { notificationTargets } from '../../../cli/wiring/notification-targets.js';
import { loadConfig, type NotificationTarget } from '../../../flow/service/config.js';

/* What a person writes wrongly about receivers of incidents is told when the program starts, with the target's name and a remedy, not when the first incident comes. */

const folder = mkdtempSync(join(tmpdir(), 'cordon-targets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('targets are read from the file, their secrets from where the file stands', () => {
  file('token', 's3cret\n');
  const path = file(
    'cordon.yaml',
    'notifications:\n  leastSeverity: high\n  targets:\n    - { name: soc, kind: webhook, url: "https://soc.example/hook", tokenFile: token }\n    - { name: siem, kind: syslog, address: "[2001:db8::1]:6514", transport: tls, format: cef }\n',
  );
  const { notifications } = loadConfig(path).config;
  expect(notifications).toMatchObject({ leastSeverity: 'high', targets: [{ tokenFile: join(folder, 'token') }, { transport: 'tls' }] });
  expect(notificationTargets(notifications.targets).map(({ name }) => name)).toEqual(['soc', 'siem']);
  expect(loadConfig(undefined).config.notifications).toEqual({ leastSeverity: 'low', targets: [] });
  expect(() => loadConfig(file('wrong.yaml', 'notifications: { targets: [{ name: soc, kind: pager }] }\n'))).toThrow('webhook');
});

test.each<[string, NotificationTarget[], string]>([
  ['a webhook without an address', [{ name: 'soc', kind: 'webhook' }], 'needs a url'],
  ['a password in the address', [{ name: 'soc', kind: 'webhook', url: 'https://eve:pw@soc.example/' }], 'tokenFile'],
  ['a token that is not there', [{ name: 'soc', kind: 'webhook', url: 'https://soc.example/', tokenFile: '/nowhere' }], 'ENOENT'],
  ['a token of two lines', [{ name: 'soc', kind: 'webhook', url: 'https://soc.example/', tokenFile: file('two', 'a\nb') }], 'one line'],
  ['keys of the other kind', [{ name: 'soc', kind: 'webhook', url: 'https://soc.example/', format: 'cef' }], 'has no format'],
  ['syslog without an address', [{ name: 'siem', kind: 'syslog' }], 'siem.example:6514'],
  ['port 0', [{ name: 'siem', kind: 'syslog', address: 'siem.example:0' }], 'needs an address'],
  ['certificates without TLS', [{ name: 'siem', kind: 'syslog', address: 'siem.example:514', ca: 'x' }], 'transport tls'],
  ['half a certificate', [{ name: 'siem', kind: 'syslog', address: 'siem.example:6514', transport: 'tls', cert: 'x' }], 'belong together'],
  [
    'one name twice',
    [
      { name: 'siem', kind: 'syslog', address: 'siem.example:514' },
      { name: 'siem', kind: 'syslog', address: 'siem.example:515' },
    ],
    'name of its own',
  ],
])('%s is refused', (_name, targets, hint) => {
  expect(() => notificationTargets(targets)).toThrow(hint);
});
