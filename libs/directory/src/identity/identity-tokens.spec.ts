import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { beforeEach, describe, expect, it } from '@jest/globals';
import { type TenantId, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { SignJWT } from 'jose';

import { fillTemplate, parseClaimTemplate, parsePrefixTemplate } from './claim-template.js';
import { parseIdentityBearer, type IdentityProviderEntry } from './identity-provider.js';
import { IdentityTokens } from './identity-tokens.js';
import { readKeySet } from './key-set.js';

const URL = 'https://idp.example/keys';
const MINUTE_MS = 60_000;
const pair = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};
const other = generateKeyPairSync('ed25519');
const jwkOf = (key: KeyObject, more: object) => ({ ...key.export({ format: 'jwk' }), ...more });
const PROVIDER: IdentityProviderEntry = {
  id: '01arz3ndektsv4rrffq69g5fav',
  tenantId: 'acme' as TenantId,
  issuer: 'https://idp.example/',
  audience: 'leasehold',
  jwksUrl: URL,
  mapping: {
    database: parseClaimTemplate('customer-{org}')!,
    prefix: parsePrefixTemplate('user/{sub}/'),
    scopes: new Set(['data:read']),
  },
};

describe('tokens of an identity provider', () => {
  let clock: FakeClock;
  let keys: object[];
  let fetches: number;
  let isAway: boolean;
  let tokens: IdentityTokens;

  beforeEach(() => {
    clock = new FakeClock();
    keys = Object.entries(pair).map(([alg, { publicKey }]) => jwkOf(publicKey, { kid: alg, alg, use: 'sig' }));
    fetches = 0;
    isAway = false;
    tokens = new IdentityTokens(async () => {
      fetches += 1;
      if (isAway) throw new Error('no answer');
      return utf8(JSON.stringify({ keys }));
    }, clock);
  });

  const seconds = () => Math.floor(clock.now() / 1_000);
  const claims = (more: object = {}) => ({
    ...{ iss: PROVIDER.issuer, aud: 'leasehold', sub: 'u1', org: 'acme-7', iat: seconds(), exp: seconds() + 900 },
    ...more,
  });
  const sign = (payload: object, header: object = {}, key: KeyObject = pair.EdDSA.privateKey) =>
    new SignJWT(payload as never).setProtectedHeader({ alg: 'EdDSA', kid: 'EdDSA', ...header }).sign(key);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const codeOf = (jwt: string, provider = PROVIDER) =>
    tokens.authenticate(jwt, provider).then(
      () => 'ok',
      (error: { code?: string }) => String(error.code),
    );

  it.each(['EdDSA', 'ES256', 'RS256'] as const)('grant what the mapping makes of their claims (%s)', async (alg) => {
    const jwt = await sign(claims(), { alg, kid: alg, typ: 'JWT' }, pair[alg].privateKey);
    expect(await tokens.authenticate(jwt, PROVIDER)).toEqual({
      keyId: PROVIDER.id,
      tenantId: 'acme',
      scopes: new Set(['data:read']),
      grant: { database: undefined, databases: ['customer-acme-7'], keyPrefix: utf8('user/u1/') },
    });
  });

  it('are verified from memory, and their keys fetched once', async () => {
    const jwts = await Promise.all(['a', 'b', 'c'].map((sub) => sign(claims({ sub }))));
    for (const jwt of [...jwts, ...jwts]) expect(await codeOf(jwt)).toBe('ok');
    expect(fetches).toBe(1);
  });

  it('wait for nobody else: a tenant whose providers hang leaves the others their fetches and their turns', async () => {
    const hanging = new IdentityTokens((url) => {
      fetches += 1;
      if (url.startsWith('https://slow')) return new Promise(() => undefined);
      return Promise.resolve(utf8(JSON.stringify({ keys })));
    }, clock);
    const slow = (n: number): IdentityProviderEntry => ({
      ...PROVIDER,
      ...{ id: `slow-${n}`, tenantId: 'slow' as TenantId, jwksUrl: `https://slow-${n}.example/` },
    });
    const jwt = await sign(claims());
    const codes: string[] = [];
    for (let n = 0; n < 300; n++) {
      void hanging.authenticate(jwt, slow(n % 20)).then(
        () => codes.push('ok'),
        (error: { code?: string }) => codes.push(String(error.code)),
      );
    }
    await clock.settle(Promise.resolve());
    // A hundred are let in, of which four wait for fetches, each with those who want the same; all others are told to come again.
    expect([fetches, [...new Set(codes)].sort()]).toEqual([4, ['overloaded', 'unavailable']]);
    expect(await hanging.authenticate(jwt, PROVIDER)).toMatchObject({ tenantId: 'acme' });
    const others = Array.from({ length: 60 }, (_, n) => ({
      ...PROVIDER,
      ...{ tenantId: `tenant-${n}` as TenantId, jwksUrl: `https://quick-${n}.example/` },
    }));
    const found = await Promise.all(others.map((provider) => hanging.authenticate(jwt, provider)));
    expect(found).toHaveLength(60);
  });

  it('keep their key sets, however many another tenant names', async () => {
    const jwt = await sign(claims());
    expect(await codeOf(jwt)).toBe('ok');
    const named = (n: number): IdentityProviderEntry => ({
      ...PROVIDER,
      ...{ tenantId: 'restless' as TenantId, jwksUrl: `https://of-${n}.example/keys` },
    });
    for (let n = 0; n < 1_100; n++) await tokens.authenticate(jwt, named(n));
    const before = fetches;
    expect(await codeOf(await sign(claims({ sub: 'another' })))).toBe('ok');
    expect(fetches).toBe(before);
    // Of its own, the latest are there yet, and the first have gone.
    await tokens.authenticate(await sign(claims({ sub: 'b' })), named(1_099));
    expect(fetches).toBe(before);
    await tokens.authenticate(await sign(claims({ sub: 'c' })), named(0));
    expect(fetches).toBe(before + 1);
  });

  it('have keys of their tenant’s own, also where another names the same URL', async () => {
    const stranger: IdentityProviderEntry = { ...PROVIDER, id: 'stranger', tenantId: 'restless' as TenantId };
    const named = (n: number) => ({ ...stranger, jwksUrl: `https://of-${n}.example/keys` });
    const jwt = await sign(claims());
    await tokens.authenticate(jwt, stranger);
    expect([await codeOf(jwt), fetches]).toEqual(['ok', 2]);
    // Kids that there are not, and URLs without end, cost whoever asks for them.
    await clock.advance(30_000);
    for (let n = 0; n < 60; n++) {
      await codeOf(await sign(claims(), { kid: `made-up-${n}` }), stranger);
      await tokens.authenticate(jwt, named(n));
    }
    keys.push(jwkOf(other.publicKey, { kid: 'new' }));
    expect(await codeOf(await sign(claims(), { kid: 'new' }, other.privateKey))).toBe('ok');
    isAway = true;
    expect(await codeOf(await sign(claims({ sub: 'another' })))).toBe('ok');
  });

  describe('algorithm confusion', () => {
    const hmac = (secret: string | Buffer, header: object) => {
      const head = `${part(header)}.${part(claims())}`;
      return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
    };

    it('refuses tokens that say `none`', async () => {
      for (const alg of ['none', 'None', 'NONE', '']) {
        expect(await codeOf(`${part({ alg, kid: 'RS256' })}.${part(claims())}.`)).toBe('invalid-token');
        expect(await codeOf(`${part({ alg, kid: 'RS256' })}.${part(claims())}.AAAA`)).toBe('invalid-token');
      }
    });

    it('refuses tokens that use a public key as a secret', async () => {
      const { publicKey } = pair.RS256;
      const spellings = [
        publicKey.export({ format: 'pem', type: 'spki' }),
        publicKey.export({ format: 'der', type: 'spki' }),
        publicKey.export({ format: 'pem', type: 'pkcs1' }),
        JSON.stringify(keys[2]),
        '',
      ];
      for (const secret of spellings) {
        for (const alg of ['HS256', 'HS384', 'HS512']) {
          expect(await codeOf(hmac(secret, { alg, kid: 'RS256' }))).toBe('invalid-token');
        }
      }
    });

    it('refuses symmetric keys, wherever they come from', async () => {
      const secret = Buffer.alloc(32, 7);
      keys = [{ kty: 'oct', k: secret.toString('base64url'), kid: 'oct', alg: 'HS256', use: 'sig' }];
      expect(await codeOf(hmac(secret, { alg: 'HS256', kid: 'oct' }))).toBe('invalid-token');
    });

    it('refuses an algorithm that is not that of the key', async () => {
      const pss = await sign(claims(), { alg: 'PS256', kid: 'RS256' }, pair.RS256.privateKey);
      const longer = await sign(claims(), { alg: 'RS512', kid: 'RS256' }, pair.RS256.privateKey);
      const crossed = await sign(claims(), { alg: 'EdDSA', kid: 'RS256' });
      for (const jwt of [pss, longer, crossed]) expect(await codeOf(jwt)).toBe('invalid-token');
    });

    it('passes over keys that say they are for something else', async () => {
      const { publicKey } = pair.EdDSA;
      for (const more of [
        { use: 'enc' },
        { key_ops: ['encrypt'] },
        { alg: 'HS256' },
        { alg: 'none' },
        { key_ops: 'verify' },
      ]) {
        const set = await readKeySet(utf8(JSON.stringify({ keys: [jwkOf(publicKey, { kid: 'k', ...more })] })));
        expect([more, set?.size]).toEqual([more, 0]);
      }
    });
  });

  describe('key confusion', () => {
    it('refuses keys that the token brings along', async () => {
      const jwk = other.publicKey.export({ format: 'jwk' });
      for (const header of [
        { jwk },
        { jku: 'https://evil.example/keys' },
        { x5u: 'https://evil.example/x' },
        { x5c: ['MIIB'] },
        { jwk, kid: undefined },
      ]) {
        expect(await codeOf(await sign(claims(), header, other.privateKey))).toBe('invalid-token');
        // Nor are they ignored where the signature is right.
        expect(await codeOf(await sign(claims(), header))).toBe('invalid-token');
      }
    });

    it('refuses extensions that change how a token is read', async () => {
      const odd = `${part({ alg: 'EdDSA', kid: 'EdDSA', crit: ['b64'], b64: false })}.${part(claims())}.AAAA`;
      expect(await codeOf(odd)).toBe('invalid-token');
    });

    it('takes no key whose kid two have', async () => {
      keys.push(jwkOf(other.publicKey, { kid: 'EdDSA' }));
      expect(await codeOf(await sign(claims()))).toBe('invalid-token');
      expect(await codeOf(await sign(claims(), {}, other.privateKey))).toBe('invalid-token');
    });

    it.each(['__proto__', 'constructor', '../EdDSA', '', 'missing'])('finds no key of the kid %j', async (kid) => {
      expect(await codeOf(await sign(claims(), { kid }))).toBe('invalid-token');
    });

    it('takes no weak or monstrous RSA key', async () => {
      const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 });
      const huge = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(2_000, 255).toString('base64url'), kid: 'huge' };
      const set = await readKeySet(utf8(JSON.stringify({ keys: [jwkOf(weak.publicKey, { kid: 'weak' }), huge] })));
      expect(set?.size).toBe(0);
    });

    it('takes a token of one provider for none of another, nor our own kind for any', async () => {
      const jwt = await sign(claims());
      expect(await codeOf(jwt, { ...PROVIDER, issuer: 'https://other.example/' })).toBe('invalid-token');
      expect(await codeOf(jwt, { ...PROVIDER, audience: 'other' })).toBe('invalid-token');
      expect(await codeOf(await sign(claims(), { typ: 'leasehold-token+jwt' }))).toBe('invalid-token');
    });
  });

  it.each([
    ['without an issuer', () => ({ iss: undefined })],
    ['of another spelling of the issuer', () => ({ iss: 'https://idp.example' })],
    ['without an audience', () => ({ aud: undefined })],
    ['for others', () => ({ aud: ['one', 'two'] })],
    ['without an end', () => ({ exp: undefined })],
    ['without a beginning', () => ({ iat: undefined })],
    ['that have ended', () => ({ iat: seconds() - 60, exp: seconds() })],
    ['whose end is no number', () => ({ exp: '9999999999' })],
    ['that are not valid yet', () => ({ nbf: seconds() + 60 })],
    ['of the future', () => ({ iat: seconds() + 60, exp: seconds() + 600 })],
    ['that are too old, whatever they say', () => ({ iat: seconds() - 3_600, exp: seconds() + 9_999_999 })],
  ])('are refused %s', async (_what, more) => {
    expect(await codeOf(await sign(claims(more())))).toBe('invalid-token');
  });

  it('are taken for several audiences, and from a clock that is a little ahead', async () => {
    expect(
      await codeOf(await sign(claims({ aud: ['other', 'leasehold'], iat: seconds() + 20, nbf: seconds() + 20 }))),
    ).toBe('ok');
  });

  it('end to the second, also those that are remembered', async () => {
    const jwt = await sign(claims({ exp: seconds() + 60 }));
    expect(await codeOf(jwt)).toBe('ok');
    await clock.advance(59_000);
    expect(await codeOf(jwt)).toBe('ok');
    await clock.advance(1_000);
    expect(await codeOf(jwt)).toBe('invalid-token');
  });

  it.each([
    ['the claim', { org: undefined }],
    ['a plain value', { org: { id: 'acme' } }],
    ['one value', { org: ['acme', 'other'] }],
    ['text', { org: '' }],
    ['a name of a database', { org: 'A b/..' }],
    ['a value that its prefix can hold', { sub: 'u1/../u2' }],
    ['the claim of its prefix', { sub: undefined }],
    ['a short prefix', { sub: 'x'.repeat(600) }],
  ])('grant nothing without %s', async (_what, more) => {
    expect(await codeOf(await sign(claims(more)))).toBe('forbidden');
  });

  it('go by the mapping as it is now, and by the provider as it is now', async () => {
    const jwt = await sign(claims());
    expect(await codeOf(jwt)).toBe('ok');
    const mapping = { ...PROVIDER.mapping, database: parseClaimTemplate('other-{org}')! };
    const { grant } = await tokens.authenticate(jwt, { ...PROVIDER, mapping });
    expect(grant?.databases).toEqual(['other-acme-7']);
    expect(await codeOf(jwt, { ...PROVIDER, audience: 'moved' })).toBe('invalid-token');
  });

  it('die with their key, once the set has been fetched again', async () => {
    const jwt = await sign(claims({ exp: seconds() + 3_000 }));
    expect(await codeOf(jwt)).toBe('ok');
    keys = keys.slice(1);
    await clock.advance(10 * MINUTE_MS + 1);
    // Served, and fetched meanwhile: keys are read in threads, whose time is their own.
    const startedAt = performance.now();
    while ((await codeOf(jwt)) === 'ok') {
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([await codeOf(jwt), fetches]).toEqual(['invalid-token', 2]);
  });

  it('are believed for an hour while their provider is away, and then are nobody to blame for', async () => {
    expect(await codeOf(await sign(claims()))).toBe('ok');
    isAway = true;
    await clock.advance(59 * MINUTE_MS);
    expect(await codeOf(await sign(claims()))).toBe('ok');
    await clock.advance(2 * MINUTE_MS);
    expect(await codeOf(await sign(claims()))).toBe('unavailable');
  });

  it('tell why their keys cannot be had, also those that come before it is tried again', async () => {
    const [jwt, fromElsewhere] = [await sign(claims()), { ...PROVIDER, jwksUrl: 'https://elsewhere.example/' }];
    const reasonOf = (provider: IdentityProviderEntry) =>
      tokens.authenticate(jwt, provider).catch(({ cause }: Error) => (cause as Error | undefined)?.message);
    isAway = true;
    expect([await reasonOf(PROVIDER), await reasonOf(PROVIDER), fetches]).toEqual(['no answer', 'no answer', 1]);
    isAway = false;
    keys = null as never;
    expect(await reasonOf(fromElsewhere)).toBe('what the provider answers is no key set');
  });

  it('cost a set one fetch each 30 s, however many kids are made up', async () => {
    for (let n = 0; n < 50; n++)
      expect(await codeOf(await sign(claims(), { kid: `made-up-${n}` }))).toBe('invalid-token');
    expect(fetches).toBe(1);
    keys.push(jwkOf(other.publicKey, { kid: 'new' }));
    await clock.advance(30_000);
    expect(await codeOf(await sign(claims(), { kid: 'new' }, other.privateKey))).toBe('ok');
    expect(fetches).toBe(2);
  });

  it.each(['', '[]', 'null', '{}', '{"keys":{}}', '<html>', `{"keys":[],"x":"${'x'.repeat(70_000)}"}`])(
    'have no keys in what is no set: %.20s',
    async (text) => expect(await readKeySet(utf8(text))).toBeUndefined(),
  );
});

describe('templates of claims', () => {
  it('hold one claim at most, and what ends it in a prefix', () => {
    for (const text of ['{a}{b}', '{a}-{b}', '{', '}', '{}', 'a{b', '{{a}}', 'x'.repeat(257)]) {
      expect([text, parseClaimTemplate(text)]).toEqual([text, undefined]);
    }
    for (const text of ['user/{sub}', '{sub}', ''])
      expect([text, parsePrefixTemplate(text)]).toEqual([text, undefined]);
    expect(parsePrefixTemplate('shared/')).toEqual({ before: 'shared/', claim: undefined, behind: '' });
  });

  it('take no claim from the prototype', () => {
    expect(fillTemplate(parseClaimTemplate('{constructor}')!, {})).toBeUndefined();
    expect(fillTemplate(parseClaimTemplate('{https://app/org}')!, { 'https://app/org': 7 })).toBe('7');
  });
});

describe('the bearer of a token of an identity provider', () => {
  it.each([
    'lhi_.a.b.c',
    'lhi_01arz3ndektsv4rrffq69g5fav.a.b',
    'lhi_01ARZ3NDEKTSV4RRFFQ69G5FAV.a.b.c',
    'a.b.c',
    `lhi_01arz3ndektsv4rrffq69g5fav.${'a'.repeat(8_192)}.b.c`,
  ])('is not %.40s', (text) => expect(parseIdentityBearer(text)).toBeUndefined());

  it('names the provider in front', () => {
    expect(parseIdentityBearer('lhi_01arz3ndektsv4rrffq69g5fav.a.b.c')).toEqual({
      providerId: '01arz3ndektsv4rrffq69g5fav',
      jwt: 'a.b.c',
    });
  });
});
