import { generateKeyPairSync } from 'node:crypto';

import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, UlidSource, type DatabaseId, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { mintApiKey } from './api-key.js';
import type { KeyEntry } from './directory-source.js';
import { Directory } from './directory.js';
import { FakeSource, LATENCY_MS } from './testing/fake-source.js';
import type { TokenClaims } from './token-claims.js';
import { TokenSigner } from './token-signer.js';

const ACME = 'acme' as TenantId;
const EVIL = 'evil' as TenantId;
const DATABASE = { id: '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11' as DatabaseId, name: 'main' };
const MINUTE_MS = 60_000;

describe('the directory, asked about a token', () => {
  let clock: FakeClock;
  let source: FakeSource;
  let directory: Directory;
  let signer: TokenSigner;
  let key: KeyEntry;

  function putKey(tenantId: TenantId, more: Partial<KeyEntry> = {}): KeyEntry {
    const { id, secretHash } = mintApiKey(new UlidSource(clock, seededRandom(source.keys.size)), seededRandom(7));
    const scopes = new Set(['data:read', 'data:write'] as const);
    const entry = { id, tenantId, secretHash, scopes, expiresAt: undefined, revoked: false, ...more };
    source.putKey(entry);
    return entry;
  }
  const sign = (more: Partial<TokenClaims> = {}) => {
    const issuedAt = Math.floor(clock.now() / 1_000) * 1_000;
    return signer.sign({
      id: 'one',
      tenantId: ACME,
      keyId: key.id,
      scopes: new Set(['data:read']),
      database: DATABASE,
      keyPrefix: undefined,
      issuedAt,
      expiresAt: issuedAt + 15 * MINUTE_MS,
      ...more,
    });
  };
  /** Signatures are checked in threads, of which the clock knows nothing: it moves only while somebody waits for it. */
  async function settled<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => (isOver = true);
    promise.then(over, over);
    for (let turn = 0; !isOver; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      // The feed is waited for all the time.
      if (clock.armedTimers > 1 && turn > 0) await clock.advance(LATENCY_MS);
    }
    return promise;
  }
  const authenticate = (text: string) => settled(directory.authenticate(text));
  const codeOf = (text: string) =>
    authenticate(text).then(
      () => 'ok',
      (error: { code?: string }) => error.code,
    );

  beforeEach(async () => {
    clock = new FakeClock();
    source = new FakeSource(clock);
    signer = await TokenSigner.over(generateKeyPairSync('ed25519').privateKey);
    source.publishedKeys = [signer.publicKey];
    directory = new Directory(source, { clock });
    await clock.settle(directory.start());
    key = putKey(ACME);
  });

  it('knows whose it is and to what it is confined', async () => {
    const keyPrefix = Buffer.from('users/1/');
    expect(await authenticate(await sign({ keyPrefix }))).toEqual({
      keyId: key.id,
      tenantId: ACME,
      scopes: new Set(['data:read']),
      grant: { database: DATABASE, keyPrefix },
    });
  });

  it('asks nobody about a token that it knows', async () => {
    const token = await sign();
    await authenticate(token);
    await clock.advance(2_000);
    await authenticate(token);
    const before = source.lookups;
    for (let n = 0; n < 100; n++) await directory.authenticate(token);
    expect(source.lookups).toBe(before);
  });

  it('refuses it from the revocation of its key on, within a poll of the feed', async () => {
    const token = await sign();
    expect(await codeOf(token)).toBe('ok');
    source.putKey({ ...key, revoked: true });
    await clock.advance(1_000 + 2 * LATENCY_MS);
    expect(await codeOf(token)).toBe('invalid-token');
  });

  it('refuses it from the ms on at which its key expires', async () => {
    key = putKey(ACME, { expiresAt: clock.now() + MINUTE_MS });
    const token = await sign();
    expect(await codeOf(token)).toBe('ok');
    await clock.advance(key.expiresAt! - clock.now() - 1);
    expect(await codeOf(token)).toBe('ok');
    await clock.advance(1);
    expect(await codeOf(token)).toBe('invalid-token');
  });

  it('refuses one whose key is gone, or of another tenant', async () => {
    expect(await codeOf(await sign({ keyId: '01000000000000000000000000' }))).toBe('invalid-token');
    const { id: keyId } = putKey(EVIL);
    expect(await codeOf(await sign({ keyId }))).toBe('invalid-token');
    expect(await codeOf(await sign({ keyId, tenantId: EVIL }))).toBe('ok');
  });

  it('gives it no scope that its key has lost since', async () => {
    const token = await sign({ scopes: new Set(['data:read', 'data:write']) });
    expect((await authenticate(token)).scopes).toEqual(new Set(['data:read', 'data:write']));
    source.putKey({ ...key, scopes: new Set(['data:write', 'db:admin']) });
    await clock.advance(2_000);
    expect((await authenticate(token)).scopes).toEqual(new Set(['data:write']));
  });

  it('takes one that a person made until it ends', async () => {
    const token = await sign({ keyId: undefined });
    expect((await authenticate(token)).keyId).toBeUndefined();
    await clock.advance(15 * MINUTE_MS);
    expect(await codeOf(token)).toBe('invalid-token');
  });

  it('believes it no more within a poll of the feed after its signing key is gone', async () => {
    const token = await sign();
    expect(await codeOf(token)).toBe('ok');
    source.publishedKeys = [];
    source.feed.push({ kind: 'token-key' });
    await clock.advance(1_000 + 2 * LATENCY_MS);
    expect(await codeOf(token)).toBe('invalid-token');
  });

  it('is believed after a change of signing keys without asking anybody, where they were read since', async () => {
    const [early, late] = [await sign(), await sign({ scopes: new Set(['data:write']) })];
    source.openSince = source.feed.length;
    source.feed.push({ kind: 'token-key' });
    expect(await codeOf(early)).toBe('ok');
    source.lookupsDown = true;
    await clock.advance(5_000);
    expect([await codeOf(early), await codeOf(late)]).toEqual(['ok', 'ok']);
  });

  it('serves known ones while the store is down, and says of others that it cannot tell', async () => {
    const token = await sign();
    expect(await codeOf(token)).toBe('ok');
    source.down = true;
    await clock.advance(5 * MINUTE_MS);
    expect(await codeOf(token)).toBe('ok');
    const other = await TokenSigner.over(generateKeyPairSync('ed25519').privateKey);
    signer = other;
    expect(await codeOf(await sign())).toBe('unavailable');
  });

  it('tells a token that is not valid from a key that is not', async () => {
    expect(await codeOf('a.b.c')).toBe('invalid-token');
    for (const text of ['a.b', 'a.b.c.d', 'nonsense', 'lh_a.b.c']) expect(await codeOf(text)).toBe('invalid-api-key');
  });

  it('does not know a token at once, as it does keys', async () => {
    const token = await sign();
    await authenticate(token);
    expect(directory.knownPrincipal(token)).toBeUndefined();
  });
});

describe('the directory, asked about a tenant', () => {
  let clock: FakeClock;
  let source: FakeSource;
  let directory: Directory;
  const originsOf = async (id: TenantId) => (await clock.settle(directory.tenant(id)))?.corsOrigins;

  beforeEach(async () => {
    clock = new FakeClock();
    source = new FakeSource(clock);
    directory = new Directory(source, { clock });
    await clock.settle(directory.start());
  });

  it('answers from memory, and from the store once something has changed', async () => {
    expect(await originsOf(ACME)).toEqual(new Set());
    const before = source.lookups;
    for (let n = 0; n < 10; n++) await originsOf(ACME);
    expect(source.lookups).toBe(before);
    source.origins.set(ACME, new Set(['https://app.example.com']));
    source.feed.push({ kind: 'tenant', id: ACME });
    await clock.advance(1_000 + 2 * LATENCY_MS);
    expect(await originsOf(ACME)).toEqual(new Set(['https://app.example.com']));
    expect(await originsOf(EVIL)).toEqual(new Set());
  });

  it('says at once what it knows, and asks anew about everybody once a plan has changed', async () => {
    const quotas = (id: TenantId) => directory.knownTenant(id)?.quotas;
    expect(directory.knownTenant(ACME)).toBeUndefined();
    for (const id of [ACME, EVIL]) {
      source.quotas.set(id, { requestsPerSecond: 1 });
      await clock.settle(directory.tenant(id));
      expect(quotas(id)).toEqual({ requestsPerSecond: 1 });
      source.quotas.set(id, { requestsPerSecond: 2 });
    }
    source.feed.push({ kind: 'plan' });
    await clock.advance(1_000 + 2 * LATENCY_MS);
    for (const id of [ACME, EVIL]) {
      expect(directory.knownTenant(id)).toBeUndefined();
      await clock.settle(directory.tenant(id));
      expect(quotas(id)).toEqual({ requestsPerSecond: 2 });
    }
  });

  it('serves what it knows while the store is down, for a bounded time', async () => {
    await originsOf(ACME);
    source.down = true;
    await clock.advance(10 * MINUTE_MS);
    expect(await originsOf(ACME)).toEqual(new Set());
    await clock.advance(6 * MINUTE_MS);
    await expect(clock.settle(directory.tenant(ACME))).rejects.toThrow('cannot be read');
  });
});
