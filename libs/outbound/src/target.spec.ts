import { describe, expect, it } from '@jest/globals';

import { TargetRefusedError } from './outbound-errors.js';
import { TargetRules } from './target.js';

describe('targets', () => {
  const rules = new TargetRules();
  const local = new TargetRules({ allowLocal: true });

  it.each([
    ['https://hooks.example.com/in?x=1', 'hooks.example.com', 443],
    ['HTTPS://Hooks.Example.COM:443/', 'hooks.example.com', 443],
    ['https://example.com:8443/', 'example.com', 8443],
    ['https://1.1.1.1/', '1.1.1.1', 443],
    ['https://[2606:4700:4700::1111]/', '2606:4700:4700::1111', 443],
    ['https://bücher.example/', 'xn--bcher-kva.example', 443],
  ])('takes %s', (text, host, port) => expect(rules.parse(text)).toMatchObject({ host, port }));

  it.each([
    ['plain http', 'http://example.com/'],
    ['another scheme', 'file:///etc/passwd'],
    ['another scheme', 'gopher://example.com:443/'],
    ['a scheme without slashes and nothing else', 'https:'],
    ['no URL', 'example.com'],
    ['nothing', ''],
    ['a user', 'https://user@example.com/'],
    ['a password', 'https://user:secret@example.com/'],
    ['a host that looks like another', 'https://example.com@127.0.0.1/'],
    ['a backslash', 'https://example.com\\@127.0.0.1/'],
    ['a tab, which parsers drop', 'https://exam\tple.com/'],
    ['a line break', 'https://example.com/\r\nHost: inside'],
    ['a port of another protocol', 'https://example.com:22/'],
    ['a port of plain http', 'https://example.com:80/'],
    ['loopback', 'https://127.0.0.1/'],
    ['loopback as a decimal number', 'https://2130706433/'],
    ['loopback in octal', 'https://0177.0.0.1/'],
    ['loopback in hex', 'https://0x7f.0.0.1/'],
    ['loopback in one hex number', 'https://0x7f000001/'],
    ['loopback in a mix', 'https://0x7f.1/'],
    ['loopback, shortened', 'https://127.1/'],
    ['loopback with a dot behind', 'https://127.0.0.1./'],
    ['loopback in wide digits', 'https://１２７.０.０.１/'],
    ['loopback, percent-encoded', 'https://%31%32%37.0.0.1/'],
    ['everything', 'https://0/'],
    ['metadata', 'https://169.254.169.254/latest/meta-data'],
    ['metadata as a decimal number', 'https://2852039166/'],
    ['loopback of IPv6', 'https://[::1]/'],
    ['mapped', 'https://[::ffff:127.0.0.1]/'],
    ['mapped in hex', 'https://[::ffff:a9fe:a9fe]/'],
    ['NAT64', 'https://[64:ff9b::a9fe:a9fe]/'],
    ['a zone', 'https://[fe80::1%25eth0]/'],
    ['localhost', 'https://localhost/'],
    ['localhost with a dot', 'https://localhost./'],
    ['below localhost', 'https://a.localhost/'],
    ['a name of one label', 'https://postgres/'],
    ['a name of a cluster', 'https://postgres.default.svc.cluster.local/'],
    ['metadata by name', 'https://metadata.google.internal/'],
    ['a dot behind, which certificates do not know', 'https://example.com./'],
    ['an empty label', 'https://example..com/'],
    ['a number as the last label', 'https://example.123/'],
    ['too long', `https://example.com/${'a'.repeat(2_048)}`],
  ])('refuses %s: %s', (_what, text) => expect(() => rules.parse(text)).toThrow(TargetRefusedError));

  it('refuses ranges that the operator calls its own', () => {
    const own = new TargetRules({ alsoRefused: ['8.8.8.0/24', '2606:4700::/32'] });
    expect(() => own.parse('https://8.8.8.8/')).toThrow(TargetRefusedError);
    expect(() => own.parse('https://[2606:4700::1]/')).toThrow(TargetRefusedError);
    expect(own.parse('https://8.8.4.4/').host).toBe('8.8.4.4');
  });

  describe('with loopback allowed', () => {
    it.each(['http://127.0.0.1:4100/', 'http://localhost:80/', 'http://[::1]:9/', 'https://localhost:4443/'])(
      'takes %s',
      (text) => expect(local.parse(text).url.href).toBe(new URL(text).href),
    );

    it.each([
      'http://10.0.0.1/',
      'http://example.com/',
      'http://8.8.8.8/',
      'https://10.0.0.1/',
      'https://example.com:22/',
    ])('refuses %s still', (text) => expect(() => local.parse(text)).toThrow(TargetRefusedError));

    it('refuses a name of loopback that has another address', () => {
      const target = local.parse('http://hook.test:4100/');
      expect(() => local.checkAddresses(['127.0.0.1', '::1'], target)).not.toThrow();
      expect(() => local.checkAddresses(['127.0.0.1', '10.0.0.1'], target)).toThrow(TargetRefusedError);
      expect(() => local.checkAddresses(['8.8.8.8'], target)).toThrow(TargetRefusedError);
    });
  });

  it('refuses a name of which one address of several is inside', () => {
    const target = rules.parse('https://example.com/');
    expect(() => rules.checkAddresses(['1.1.1.1', '2606:4700::1'], target)).not.toThrow();
    for (const inside of ['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0', 'nonsense']) {
      expect(() => rules.checkAddresses(['1.1.1.1', inside], target)).toThrow(TargetRefusedError);
    }
  });
});
