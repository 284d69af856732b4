import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { SignJWT } from 'jose';

import type { PublicTokenKey } from './directory-source.js';
import {
  claimsSetOf,
  MAX_TOKEN_LIFETIME_SECONDS,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_PREFIX_BYTES,
  TOKEN_TYPE,
  tokenLifetime,
  type TokenClaims,
} from './token-claims.js';
import { parseSigningKey, TokenSigner } from './token-signer.js';
import { looksLikeToken, MAX_TOKEN_CHARS, Tokens } from './tokens.js';

const NOW_SECONDS = 1_800_000_000;
const LATENCY_MS = 10;

const newKey = () => generateKeyPairSync('ed25519').privateKey;
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens', () => {
  let clock: FakeClock;
  let key: KeyObject;
  let signer: TokenSigner;
  let published: readonly PublicTokenKey[];
  let looks: number;
  let down: boolean;
  let tokens: Tokens;

  const claims = (more: Partial<TokenClaims> = {}): TokenClaims => ({
    id: 'one',
    tenantId: 'acme' as TenantId,
    keyId: 'key',
    scopes: new Set(['data:read'] as const),
    database: { id: '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as DatabaseId, name: 'main' },
    keyPrefix: Buffer.from('users/1/'),
    issuedAt: NOW_SECONDS * 1_000,
    expiresAt: (NOW_SECONDS + 60) * 1_000,
    ...more,
  });
  /** Signed with the right key, whatever it says. */
  const sign = (header: Record<string, unknown> = {}, set: Record<string, unknown> = {}) =>
    new SignJWT({ ...claimsSetOf(claims()), ...set })
      .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPE, kid: signer.publicKey.kid, ...header } as never)
      .sign(key);
  /** Signatures are checked in threads, of which the clock knows nothing: it moves only while somebody waits for it. */
  async function settled<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => (isOver = true);
    promise.then(over, over);
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (clock.armedTimers > 0) await clock.advance(LATENCY_MS);
    }
    return promise;
  }
  const verify = (text: string) => settled(tokens.verify(text));

  beforeEach(async () => {
    clock = new FakeClock();
    await clock.advance(NOW_SECONDS * 1_000 - clock.now());
    key = newKey();
    signer = await TokenSigner.over(key);
    published = [signer.publicKey];
    looks = 0;
    down = false;
    const load = async () => {
      looks++;
      if (down) throw new Error('the store is down');
      const seen = published;
      await clock.sleep(LATENCY_MS);
      return seen;
    };
    tokens = new Tokens(load, clock);
  });

  it('say what was signed, with and without a prefix and a key', async () => {
    for (const more of [{}, { keyPrefix: undefined, keyId: undefined }, { keyPrefix: Buffer.from([0, 255]) }]) {
      expect(await verify(await signer.sign(claims(more)))).toEqual(claims(more));
    }
  });

  it('have the longest prefix and name in fewer characters than are read', async () => {
    const database = { ...claims().database, name: 'n'.repeat(63) };
    const keyPrefix = new Uint8Array(TOKEN_PREFIX_BYTES).fill(255);
    const scopes = new Set(['data:read', 'data:write', 'db:create', 'db:admin', 'keys:admin', 'usage:read'] as const);
    const most = claims({ database, keyPrefix, scopes, keyId: 'k'.repeat(26), tenantId: 't'.repeat(64) as TenantId });
    const text = await signer.sign(most);
    expect(text.length).toBeLessThanOrEqual(MAX_TOKEN_CHARS);
    expect(await verify(text)).toEqual(most);
    expect(await verify(`${text}${'x'.repeat(MAX_TOKEN_CHARS)}`)).toBeUndefined();
  });

  it('are verified once, and their key is looked for once', async () => {
    const text = await signer.sign(claims());
    const found = await settled(Promise.all(Array.from({ length: 20 }, () => tokens.verify(text))));
    expect(new Set(found).size).toBe(1);
    // The very same object: from memory.
    expect(await tokens.verify(text)).toBe(found[0]);
    await verify(await signer.sign(claims({ id: 'two' })));
    expect([looks, tokens.size]).toEqual([1, 2]);
  });

  it('end at the ms that they say, remembered or not', async () => {
    const text = await signer.sign(claims());
    await verify(text);
    await clock.advance((NOW_SECONDS + 60) * 1_000 - clock.now() - 1);
    expect(await verify(text)).toBeDefined();
    await clock.advance(1);
    expect(await verify(text)).toBeUndefined();
    expect(tokens.size).toBe(0);
    expect(await verify(text)).toBeUndefined();
  });

  it.each([
    ['ended a second ago', { iat: NOW_SECONDS - 61, exp: NOW_SECONDS - 1 }],
    ['ends now', { iat: NOW_SECONDS - 60, exp: NOW_SECONDS }],
    ['is of the future', { iat: NOW_SECONDS + 31, exp: NOW_SECONDS + 60 }],
    ['is not valid yet', { nbf: NOW_SECONDS + 31 }],
    ['lives for too long', { iat: NOW_SECONDS, exp: NOW_SECONDS + MAX_TOKEN_LIFETIME_SECONDS + 1 }],
    ['ends before it begins', { iat: NOW_SECONDS + 10, exp: NOW_SECONDS + 5 }],
    ['does not end', { exp: undefined }],
    ['ends at a text', { exp: '2999' }],
    ['has no beginning', { iat: undefined }],
    ['is for somebody else', { aud: 'urn:somebody' }],
    ['is for nobody', { aud: undefined }],
    ['is by somebody else', { iss: 'https://accounts.example.com' }],
    ['is by nobody', { iss: undefined }],
    ['has no id', { jti: undefined }],
    ['has no tenant', { tenant: undefined }],
    ['has a tenant that is no name', { tenant: '../acme' }],
    ['has no database', { database: undefined }],
    ['has a database that is no id', { database: 'main' }],
    ['has no name of a database', { databaseName: undefined }],
    ['has no scopes', { scopes: undefined }],
    ['has a text of scopes', { scopes: 'data:read' }],
    ['has a scope that is not known', { scopes: ['data:read', 'data:everything'] }],
    ['has an empty prefix', { prefix: '' }],
    ['has a prefix of null', { prefix: null }],
    ['has a prefix that is not base64url', { prefix: 'a/b=' }],
    ['has a prefix that is too long', { prefix: Buffer.alloc(TOKEN_PREFIX_BYTES + 1).toString('base64url') }],
    ['has a key that is no text', { key: 1 }],
  ])('are not believed when one %s', async (_what, set) => {
    expect(await verify(await sign({}, set))).toBeUndefined();
    expect(tokens.size).toBe(0);
  });

  it('may come from a clock that is a little ahead', async () => {
    expect(await verify(await sign({}, { iat: NOW_SECONDS + 29, nbf: NOW_SECONDS + 29 }))).toBeDefined();
  });

  it.each([
    [1_000_000, 1, 1_000_000, 1_001_000],
    [1_000_001, 1, 1_000_000, 1_002_000],
    [1_000_999, 5, 1_000_000, 1_006_000],
    [1_000_999, 900, 1_000_000, 1_900_000],
  ])('made at %d for %d s live from %d to %d', (now, ttlSeconds, issuedAt, expiresAt) => {
    expect(tokenLifetime(now, ttlSeconds)).toEqual({ issuedAt, expiresAt });
  });

  describe('are not confused', () => {
    const forged = (header: unknown, signature: (input: string) => string, set: object = claimsSetOf(claims())) => {
      const input = `${base64url(header)}.${base64url(set)}`;
      return `${input}.${signature(input)}`;
    };

    it('by the algorithm none', async () => {
      for (const alg of ['none', 'None', 'NONE', '']) {
        const header = { alg, typ: TOKEN_TYPE, kid: signer.publicKey.kid };
        expect(await verify(forged(header, () => ''))).toBeUndefined();
      }
      const { kid } = signer.publicKey;
      const signature = (await sign()).split('.')[2] ?? '';
      expect(await verify(forged({ alg: 'none', typ: TOKEN_TYPE, kid }, () => signature))).toBeUndefined();
    });

    it('by an HMAC with the public key', async () => {
      const { kid, publicKey } = signer.publicKey;
      const jwk = JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') });
      for (const secret of [publicKey, Buffer.from(jwk), Buffer.from(publicKey).toString('base64url')]) {
        const hmac = (input: string) => createHmac('sha256', secret).update(input).digest('base64url');
        expect(await verify(forged({ alg: 'HS256', typ: TOKEN_TYPE, kid }, hmac))).toBeUndefined();
      }
    });

    it('by a key that they bring along, or lead to', async () => {
      const own = newKey();
      const brought = await TokenSigner.over(own);
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(brought.publicKey.publicKey).toString('base64url') };
      for (const more of [
        { jwk },
        { jwk, kid: undefined },
        { jku: 'https://evil.example/keys' },
        { x5u: 'https://e' },
      ]) {
        const header = { alg: 'EdDSA', typ: TOKEN_TYPE, kid: signer.publicKey.kid, ...more };
        const text = await new SignJWT(claimsSetOf(claims())).setProtectedHeader(header as never).sign(own);
        expect(await verify(text)).toBeUndefined();
      }
      // Not even beside a right signature: nothing of ours says so.
      expect(await verify(await sign({ jwk }))).toBeUndefined();
    });

    it('by the kid of another key, published or not', async () => {
      const other = await TokenSigner.over(newKey());
      const text = await sign({ kid: other.publicKey.kid });
      expect(await verify(text)).toBeUndefined();
      published = [signer.publicKey, other.publicKey];
      tokens.forget();
      expect(await verify(text)).toBeUndefined();
      for (const kid of ['', undefined, '__proto__', 'constructor'])
        expect(await verify(await sign({ kid }))).toBeUndefined();
    });

    it('by another type of JWT', async () => {
      for (const typ of ['JWT', 'at+jwt', undefined]) expect(await verify(await sign({ typ }))).toBeUndefined();
    });

    it('by a changed character, wherever it is', async () => {
      const text = await signer.sign(claims());
      for (let at = 0; at < text.length; at += 7) {
        const changed = text[at] === 'A' ? 'B' : 'A';
        expect([at, await verify(text.slice(0, at) + changed + text.slice(at + 1))]).toEqual([at, undefined]);
      }
      // Of the last character four bits say nothing: with other ones there it is another text.
      for (const bits of ['B', 'R', 'h', 'x', '_']) expect(await verify(text.slice(0, -1) + bits)).toBeUndefined();
      for (const more of [' ', '=', '==', '\n', '.']) expect(await verify(text + more)).toBeUndefined();
    });

    it('by claims that another signature covers', async () => {
      const [header, , signature] = (await signer.sign(claims())).split('.');
      const set = { ...claimsSetOf(claims()), iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE, tenant: 'evil' };
      expect(await verify(`${header}.${base64url(set)}.${signature}`)).toBeUndefined();
    });

    it.each(['..', 'a.b.c', '{}.{}.{}', `${base64url([])}.e30.AA`, `${base64url({ alg: 'EdDSA' })}.bm8.AA`, 'é.é.é'])(
      'by %j',
      async (text) => {
        expect(looksLikeToken(text)).toBe(true);
        expect(await verify(text)).toBeUndefined();
      },
    );
  });

  it('find a key that was published since', async () => {
    const text = await signer.sign(claims());
    published = [];
    expect(await verify(text)).toBeUndefined();
    published = [signer.publicKey];
    expect(await verify(text)).toBeDefined();
  });

  it('live on while the key of their successors is published, and not when theirs is gone', async () => {
    const text = await signer.sign(claims());
    await verify(text);
    const next = await TokenSigner.over(newKey());
    published = [next.publicKey, signer.publicKey];
    tokens.forget();
    expect(await verify(text)).toBeDefined();
    expect(await verify(await next.sign(claims()))).toBeDefined();
    published = [next.publicKey];
    tokens.forget();
    expect(await verify(text)).toBeUndefined();
  });

  it('are not remembered when their keys were forgotten while they were verified', async () => {
    const text = await signer.sign(claims());
    const early = tokens.verify(text);
    while (looks === 0) await new Promise((resolve) => setImmediate(resolve));
    published = [];
    tokens.forget();
    expect(await settled(early)).toBeDefined();
    expect(await verify(text)).toBeUndefined();
  });

  it('cost the store a few looks, however many keys are made up', async () => {
    const texts = await Promise.all(Array.from({ length: 300 }, (_, n) => sign({ kid: `made-up-${n}` })));
    const found = await settled(Promise.all(texts.map((text) => tokens.verify(text))));
    expect(found.every((each) => each === undefined)).toBe(true);
    const before = clock.now();
    for (const text of texts.slice(0, 20)) await verify(text);
    expect(looks).toBeLessThanOrEqual(2 + (clock.now() - before) / 200);
    expect(clock.now() - before).toBeGreaterThan(3_000);
  });

  it('tell an outage of the store from a token that is not valid, and serve what is known meanwhile', async () => {
    const known = await signer.sign(claims());
    await verify(known);
    down = true;
    expect(await verify(known)).toBeDefined();
    expect(await verify(await signer.sign(claims({ id: 'two' })))).toBeDefined();
    const other = await TokenSigner.over(newKey());
    await expect(verify(await other.sign(claims()))).rejects.toThrow('the store is down');
  });

  it('are forgotten, the first first, when there are too many', async () => {
    const texts = await Promise.all(Array.from({ length: 10_001 }, (_, n) => signer.sign(claims({ id: `${n}` }))));
    for (let at = 0; at < texts.length; at += 500) {
      await settled(Promise.all(texts.slice(at, at + 500).map((text) => tokens.verify(text))));
    }
    expect(tokens.size).toBe(10_000);
    expect(await verify(texts[0] ?? '')).toBeDefined();
  });
});

describe('a signing key', () => {
  it('is read as openssl writes it', () => {
    const text = newKey().export({ format: 'der', type: 'pkcs8' }).toString('base64');
    expect(parseSigningKey(text)?.asymmetricKeyType).toBe('ed25519');
  });

  it.each([
    ['nothing', ''],
    ['a password', 's'.repeat(64)],
    [
      'a key of another kind',
      generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    ],
    [
      'a public key',
      generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    ],
  ])('is not %s', (_what, text) => {
    expect(parseSigningKey(text)).toBeUndefined();
  });
});
