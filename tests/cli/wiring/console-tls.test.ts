import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consoleTls } from '../../../cli/wiring/tls-files.js';
import { hasOpenssl, makeAuthority } from '../../collector/inputs/certificates.js';

/*
 * The console's certificate: nothing where none is named, and for a wrong one a sentence with setting, file and remedy before any port is opened.
 */

describe.skipIf(!hasOpenssl)("the console's certificate (skipped where openssl is missing)", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cordon-console-tls-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('none, a right pair, and what is wrong with others', () => {
    expect(consoleTls({ cert: undefined, key: undefined })).toBeUndefined();
    const [one, other] = [makeAuthority(folder, 'one'), makeAuthority(folder, 'other')];
    expect(consoleTls(one)?.cert.toString()).toContain('BEGIN CERTIFICATE');
    expect(() => consoleTls({ cert: one.cert, key: undefined })).toThrow(
      'console.tls.key is missing; name the PEM file of its private key',
    );
    expect(() => consoleTls({ cert: join(folder, 'none.pem'), key: one.key })).toThrow(
      /console\.tls\.cert: .*none\.pem cannot be read \(ENOENT\)/,
    );
    expect(() => consoleTls({ cert: one.key, key: one.key })).toThrow("holds no PEM block 'CERTIFICATE'");
    expect(() => consoleTls({ cert: one.cert, key: other.key })).toThrow('cannot be used together');
    const broken = join(folder, 'broken.pem');
    writeFileSync(broken, '-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n');
    expect(() => consoleTls({ cert: broken, key: one.key })).toThrow('cannot be used together');
  });
});
