import { describe, expect, it } from '@jest/globals';

import { readConfig } from './config.js';

const VALID = { BUCKET_DIR: '/data', S3_ACCESS_KEY_ID: 'local', S3_SECRET_ACCESS_KEY: 'local-secret' };

describe('configuration of the local bucket', () => {
  it('has defaults for what is not a secret or a place', () => {
    expect(readConfig(VALID)).toEqual({
      directory: '/data',
      bucket: 'leasehold',
      accessKeyId: 'local',
      secretAccessKey: 'local-secret',
      host: '127.0.0.1',
      port: 0,
    });
  });

  it('names everything that is missing at once', () => {
    expect(() => readConfig({})).toThrow(
      /BUCKET_DIR is missing; S3_ACCESS_KEY_ID is missing; S3_SECRET_ACCESS_KEY is missing$/,
    );
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '80x'],
    ['S3_BUCKET', 'Main'],
    ['S3_BUCKET', '../x'],
    ['S3_SECRET_ACCESS_KEY', 'short'],
    ['S3_ACCESS_KEY_ID', 'a/b'],
  ])('refuses %s=%s without showing the value', (name, value) => {
    const read = (): unknown => readConfig({ ...VALID, [name]: value });
    expect(read).toThrow(new RegExp(`${name} is not `));
    expect(read).not.toThrow(value);
  });
});
