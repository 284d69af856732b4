import { describe, expect, it } from '@jest/globals';

import { objectPath, s3AddressOf } from './s3-address.js';
import type { S3Settings } from './s3-settings.js';

function addressOf(settings: Partial<S3Settings>) {
  return s3AddressOf({ region: 'eu-central-1', bucket: 'main', forcePathStyle: false, ...settings });
}

describe('address of a bucket', () => {
  it.each<[string, Partial<S3Settings>, string, string]>([
    ['in a host of its own on AWS', {}, 'https://main.s3.eu-central-1.amazonaws.com', ''],
    [
      'in the path where its dots fit no certificate',
      { bucket: 'my.main' },
      'https://s3.eu-central-1.amazonaws.com',
      '/my.main',
    ],
    ['in the path where asked', { forcePathStyle: true }, 'https://s3.eu-central-1.amazonaws.com', '/main'],
    ['in China', { region: 'cn-north-1' }, 'https://main.s3.cn-north-1.amazonaws.com.cn', ''],
    ['of another store', { endpoint: 'https://s3.example.com' }, 'https://main.s3.example.com', ''],
    [
      'of another store by path, with a port and a folder',
      { endpoint: 'http://localhost:9000/base', forcePathStyle: true },
      'http://localhost:9000',
      '/base/main',
    ],
    ['of an address without a name', { endpoint: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000', '/main'],
    ['with the port of its scheme', { endpoint: 'https://s3.example.com:443' }, 'https://main.s3.example.com', ''],
  ])('is %s', async (_, settings, origin, pathPrefix) => {
    const address = await addressOf(settings);
    expect(address).toEqual({
      origin,
      pathPrefix,
      host: new URL(origin).host,
      signingRegion: settings.region ?? 'eu-central-1',
    });
  });

  it('is where the environment sends the SDK', async () => {
    process.env['AWS_ENDPOINT_URL_S3'] = 'http://127.0.0.1:9123';
    try {
      expect(await addressOf({ forcePathStyle: true })).toMatchObject({ origin: 'http://127.0.0.1:9123' });
    } finally {
      delete process.env['AWS_ENDPOINT_URL_S3'];
    }
  });

  it('is refused for buckets that take other signatures', async () => {
    await expect(addressOf({ bucket: 'main--euc1-az1--x-s3' })).rejects.toThrow('not supported');
  });

  it.each([
    ['a/b-c_d.e~f', '/a/b-c_d.e~f'],
    ['/leading//double/', '//leading//double/'],
    ['../.', '/../.'],
    ['per%2Fcent+plus space', '/per%252Fcent%2Bplus%20space'],
    ["!'()*$&,;=:@?#", '/%21%27%28%29%2A%24%26%2C%3B%3D%3A%40%3F%23'],
    ['ü\u{10ffff}\u0001', '/%C3%BC%F4%8F%BF%BF%01'],
  ])('spells the key %j so that nothing in it is taken for syntax', (key, path) => {
    expect(objectPath({ pathPrefix: '' }, key)).toBe(path);
    expect(objectPath({ pathPrefix: '/main' }, key)).toBe(`/main${path}`);
  });
});
