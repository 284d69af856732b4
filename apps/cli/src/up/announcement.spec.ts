import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { banner, curlLine, jsonLine, proxyInTheWay, type Announcement } from './announcement.js';

const announcement: Announcement = {
  gateway: 'http://127.0.0.1:4000',
  gateways: ['http://127.0.0.1:4000', 'http://127.0.0.1:40123'],
  controlPlane: 'http://127.0.0.1:4001',
  console: 'http://127.0.0.1:4001',
  mailbox: 'http://127.0.0.1:4001/mailbox',
  tenant: { email: 'demo@example.com', password: 'p4ss', organization: 'Demo', apiKey: 'lh_abc_def' },
  admin: { email: 'admin@example.com', password: 's3cret' },
  pids: { gateways: [1, 2], controlPlane: 3, compactor: 4, bucket: null, workers: [5, 6] },
};
const options = { dataDirectory: '/data', demoDatabase: 'demo', bypassProxy: false };

describe('announcement', () => {
  it('is one line of JSON', () => {
    const line = jsonLine(announcement);
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual(announcement);
  });

  it('shows every address and login in the banner', () => {
    const text = banner(announcement, options);
    const { gateways, controlPlane, mailbox, tenant, admin } = announcement;
    const shown = [
      ...gateways,
      controlPlane,
      mailbox ?? '',
      tenant.email,
      tenant.password,
      tenant.apiKey,
      admin.email,
      admin.password,
    ];
    for (const value of [...shown, '/data']) expect(text).toContain(value);
  });

  it('gives a curl line that a shell takes apart as meant', () => {
    const line = curlLine(announcement, options);
    expect(line).not.toContain('\n');
    const words = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@" --; }; ${line}`], { encoding: 'utf8' });
    const key = ['-H', 'Authorization: Bearer lh_abc_def'];
    const url = 'http://127.0.0.1:4000/v1/db/demo/keys/hello';
    expect(words.split('\n')).toEqual([
      ...['-sS', '-X', 'PUT', ...key, '--data-binary', 'world', url, '--'],
      ...['-sS', ...key, url, '--', ''],
    ]);
  });

  it.each([
    [{}, false],
    [{ http_proxy: 'http://proxy:3128' }, true],
    [{ http_proxy: 'http://proxy:3128', no_proxy: 'localhost, 127.0.0.1' }, false],
    [{ ALL_PROXY: 'socks5://proxy', NO_PROXY: '*' }, false],
    [{ HTTP_PROXY: 'http://proxy:3128' }, false],
  ])('knows whether curl would ask a proxy with %j', (env, expected) => {
    expect(proxyInTheWay(env)).toBe(expected);
  });
});
