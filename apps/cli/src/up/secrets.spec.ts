import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { drawSecrets, openSecrets, readSecrets, writeSecrets } from './secrets.js';

describe('secrets', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lh-secrets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('come back as they were written, for the owner alone', () => {
    const file = join(folder, 'secrets.json');
    const secrets = { ...drawSecrets(), postgresPort: 54_321 };
    writeSecrets(file, secrets);
    expect(readSecrets(file)).toEqual(secrets);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('are drawn anew each time', () => {
    const [a, b] = [drawSecrets(), drawSecrets()];
    expect(a.authSecret).not.toBe(b.authSecret);
    expect(a.tokenSigningKey).not.toBe(b.tokenSigningKey);
    expect(new Set([a.authSecret, a.internalSecret, a.postgresPassword, a.s3SecretAccessKey]).size).toBe(4);
  });

  it('are missing before the first start', () => {
    expect(readSecrets(join(folder, 'none.json'))).toBeUndefined();
  });

  it('of a first start are written before they are used', () => {
    const file = join(folder, 'secrets.json');
    const secrets = openSecrets(file);
    expect(readSecrets(file)).toEqual(secrets);
    expect(openSecrets(file)).toEqual(secrets);
  });

  it('that an earlier version did not have are drawn once, and the others stay', () => {
    const file = join(folder, 'secrets.json');
    const { tokenSigningKey: _unknown, ...earlier } = drawSecrets();
    writeFileSync(file, JSON.stringify(earlier));
    const secrets = openSecrets(file);
    expect(secrets).toEqual({ ...earlier, tokenSigningKey: expect.stringMatching(/^[0-9A-Za-z+/]{64}$/) });
    expect(openSecrets(file)).toEqual(secrets);
  });

  it.each(['', '{', '{}', 'null'])('are not replaced when the file holds %j', (content) => {
    const file = join(folder, 'secrets.json');
    writeFileSync(file, content);
    expect(() => readSecrets(file)).toThrow('is damaged');
  });
});
