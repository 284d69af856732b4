import { describe, expect, it } from '@jest/globals';
import { readStoreSettings } from './store-settings.js';

describe('store settings', () => {
  it('fills in what nobody has to say', () => {
    expect(readStoreSettings({})).toEqual({
      endpoint: undefined,
      region: 'us-east-1',
      bucket: 'leasehold',
      accessKeyId: undefined,
      secretAccessKey: undefined,
      forcePathStyle: false,
    });
  });

  it('puts the bucket into the path of a server that is not AWS', () => {
    expect(readStoreSettings({ S3_ENDPOINT: 'http://127.0.0.1:9000' }).forcePathStyle).toBe(true);
    const told = { S3_ENDPOINT: 'http://127.0.0.1:9000', S3_FORCE_PATH_STYLE: 'false' };
    expect(readStoreSettings(told).forcePathStyle).toBe(false);
  });

  it.each([
    [{ S3_ENDPOINT: 'secret-in-the-wrong-place' }, 'S3_ENDPOINT: must be an http or https URL'],
    [{ S3_FORCE_PATH_STYLE: 'perhaps' }, 'S3_FORCE_PATH_STYLE: must be true or false'],
  ])('names the wrong variable of %j without its value', (env, message) => {
    expect(() => readStoreSettings(env)).toThrow(new Error(message));
  });
});
