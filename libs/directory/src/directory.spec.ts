import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, UlidSource, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { mintApiKey, mintSecret, parseApiKey } from './api-key.js';
import type { KeyEntry } from './directory-source.js';
import { Directory, type DirectorySettings } from './directory.js';
import { FakeSource, LATENCY_MS } from './testing/fake-source.js';

const ACME = 'acme' as TenantId;
const EVIL = 'evil' as TenantId;
const MINUTE_MS = 60_000;

describe('the directory', () => {
  let clock: FakeClock;
  let source: FakeSource;
  let directory: Directory;
  let outages: string[];
  let ids: UlidSource;

  function open(settings: DirectorySettings = {}): Directory {
    const context = { clock, onOutage: () => outages.push('out'), onRecovery: () => outages.push('back') };
    return new Directory(source, context, settings);
  }

  function createKey(tenantId: TenantId, more: Partial<KeyEntry> = {}): { text: string; entry: KeyEntry } {
    const { id, key, secretHash } = mintApiKey(ids, seededRandom(source.keys.size + 1));
    const scopes = new Set(['data:read'] as const);
    const entry = { id, tenantId, secretHash, scopes, expiresAt: undefined, revoked: false, ...more };
    source.putKey(entry);
    return { text: key, entry };
  }

  const code = async (promise: Promise<unknown>): Promise<string> =>
    clock.settle(
      promise.then(
        () => 'ok',
        (error: { code?: string }) => String(error.code),
      ),
    );
  const authenticate = (text: string) => code(directory.authenticate(text));
  const find = async (tenantId: TenantId, name: string) =>
    (await clock.settle(directory.database(tenantId, name)))?.name;

  beforeEach(async () => {
    clock = new FakeClock();
    source = new FakeSource(clock);
    ids = new UlidSource(clock, seededRandom(7));
    outages = [];
    directory = open();
    await clock.settle(directory.start());
  });

  it('knows who presents a key, and asks the store once however many requests come', async () => {
    const { text, entry } = createKey(ACME);
    const principals = await clock.settle(Promise.all(Array.from({ length: 50 }, () => directory.authenticate(text))));
    expect(principals[49]).toEqual({ keyId: entry.id, tenantId: ACME, scopes: new Set(['data:read']) });
    await clock.advance(MINUTE_MS);
    expect(await authenticate(text)).toBe('ok');
    // The key and its tenant.
    expect(source.lookups).toBe(2);
  });

  it('refuses malformed keys without asking the store', async () => {
    expect(await authenticate('lh_nonsense')).toBe('invalid-api-key');
    expect(await authenticate('')).toBe('invalid-api-key');
    expect(source.lookups).toBe(0);
  });

  it('refuses an unknown key, and a known id with another secret', async () => {
    const { text, entry } = createKey(ACME);
    const stranger = mintApiKey(ids, seededRandom(99));
    expect(await authenticate(stranger.key)).toBe('invalid-api-key');
    source.putKey({ ...entry, id: stranger.id });
    expect(await authenticate(stranger.key)).toBe('invalid-api-key');
    expect(await authenticate(text)).toBe('ok');
  });

  it('refuses a key from the ms at which it expires', async () => {
    const { text } = createKey(ACME, { expiresAt: clock.now() + 1_000 });
    expect(await authenticate(text)).toBe('ok');
    await clock.advance(1_000 - 2 * LATENCY_MS - 1);
    expect(await authenticate(text)).toBe('ok');
    await clock.advance(1);
    expect(await authenticate(text)).toBe('invalid-api-key');
  });

  it('tells to what a key is confined', async () => {
    const grant = { databases: ['customer-*'], keyPrefix: new Uint8Array([1]) };
    const { text } = createKey(ACME, { grant });
    const principal = await clock.settle(directory.authenticate(text));
    expect(principal.grant).toEqual({ ...grant, database: undefined });
    expect(directory.knownPrincipal(text)).toBe(principal);
  });

  it('takes the secret that was replaced until the ms at which it ends, and the new one on and on', async () => {
    const { text, entry } = createKey(ACME);
    expect(await authenticate(text)).toBe('ok');
    const next = mintSecret(entry.id, seededRandom(98));
    const endsAt = clock.now() + 10_000;
    source.putKey({ ...entry, secretHash: next.secretHash, previous: { hash: entry.secretHash, endsAt } });
    await clock.advance(1_500);
    expect([await authenticate(next.key), await authenticate(text)]).toEqual(['ok', 'ok']);
    await clock.advance(endsAt - 1 - clock.now());
    expect([await authenticate(text), directory.knownPrincipal(text)?.keyId]).toEqual(['ok', entry.id]);
    await clock.advance(1);
    expect(directory.knownPrincipal(text)).toBeUndefined();
    expect([await authenticate(text), await authenticate(next.key)]).toEqual(['invalid-api-key', 'ok']);
  });

  it('knows the new secret of a key whose old one it has in memory within two seconds', async () => {
    const { text, entry } = createKey(ACME);
    await authenticate(text);
    const next = mintSecret(entry.id, seededRandom(98));
    source.putKey({ ...entry, secretHash: next.secretHash });
    await clock.advance(2_000);
    expect([await authenticate(text), await authenticate(next.key)]).toEqual(['invalid-api-key', 'ok']);
  });

  it('refuses a revoked key within two seconds', async () => {
    const { text, entry } = createKey(ACME);
    expect(await authenticate(text)).toBe('ok');
    source.putKey({ ...entry, revoked: true });
    await clock.advance(2_000);
    expect(await authenticate(text)).toBe('invalid-api-key');
  });

  describe('asked at once', () => {
    const knows = (text: string) => directory.knownPrincipal(text) !== undefined;

    it('knows a key that was checked before, and nobody else', async () => {
      const { text, entry } = createKey(ACME);
      expect(knows(text)).toBe(false);
      await authenticate(text);
      expect(directory.knownPrincipal(text)).toEqual({ keyId: entry.id, tenantId: ACME, scopes: entry.scopes });
      const stranger = mintApiKey(ids, seededRandom(99));
      source.putKey({ ...entry, id: stranger.id });
      await authenticate(stranger.key);
      expect(knows(stranger.key)).toBe(false);
      expect(knows('lh_nonsense')).toBe(false);
    });

    it('does not know a key any more that was revoked, also when it was loaded again since', async () => {
      const { text, entry } = createKey(ACME);
      await authenticate(text);
      source.putKey({ ...entry, revoked: true });
      await clock.advance(2_000);
      expect(knows(text)).toBe(false);
      await authenticate(text);
      expect(knows(text)).toBe(false);
    });

    it('does not know a key from the ms at which it expires', async () => {
      const { text } = createKey(ACME, { expiresAt: clock.now() + 1_000 });
      await authenticate(text);
      await clock.advance(1_000 - 2 * LATENCY_MS - 1);
      expect(knows(text)).toBe(true);
      await clock.advance(1);
      expect(knows(text)).toBe(false);
    });

    it('knows a database of the tenant that was asked for before, until something changes about it', async () => {
      source.putDatabase(ACME, 'main');
      expect(directory.knownDatabase(ACME, 'main')).toBeUndefined();
      await find(ACME, 'main');
      expect(directory.knownDatabase(ACME, 'main')?.name).toBe('main');
      expect(directory.knownDatabase(EVIL, 'main')).toBeUndefined();
      source.dropDatabase(ACME, 'main');
      await clock.advance(2_000);
      expect(directory.knownDatabase(ACME, 'main')).toBeUndefined();
    });

    it('knows nothing that the store has not confirmed for a while, though it would still be served', async () => {
      const { text } = createKey(ACME);
      source.putDatabase(ACME, 'main');
      await Promise.all([authenticate(text), find(ACME, 'main')]);
      source.down = true;
      const at = (ms: number) => ({ wallMs: clock.now() + ms, monotonicMs: clock.monotonic() + ms });
      const known = (ms: number) => [
        directory.knownPrincipal(text, at(ms)) !== undefined,
        directory.knownDatabase(ACME, 'main', at(ms)) !== undefined,
        directory.isKnownActive(ACME, at(ms)),
      ];
      expect([known(0), known(MINUTE_MS)]).toEqual([
        [true, true, true],
        [false, false, false],
      ]);
      await clock.advance(MINUTE_MS);
      expect(await authenticate(text)).toBe('ok');
      expect([knows(text), directory.knownDatabase(ACME, 'main')]).toEqual([false, undefined]);
    });

    it('remembers no more texts than keys', async () => {
      directory = open({ maxKeys: 2 });
      await clock.settle(directory.start());
      const texts = Array.from({ length: 3 }, () => createKey(ACME).text);
      for (const text of texts) await authenticate(text);
      expect(texts.map(knows)).toEqual([false, true, true]);
    });
  });

  it('does not keep what a load saw just before the revocation', async () => {
    const { text, entry } = createKey(ACME);
    await clock.advance(1_500);
    // A slow load sees the key before, and answers after a poll that saw the revocation.
    source.lookupLatencyMs = 2_000;
    const early = directory.authenticate(text);
    await clock.advance(1);
    source.putKey({ ...entry, revoked: true });
    expect(await code(early)).toBe('ok');
    source.lookupLatencyMs = LATENCY_MS;
    expect(await authenticate(text)).toBe('invalid-api-key');
  });

  describe('told of a change', () => {
    it('keeps what it has read since, however often it is told: it could not ask now', async () => {
      source.openSince = 0;
      const { text } = createKey(ACME);
      source.putDatabase(ACME, 'db');
      source.feed.push({ kind: 'tenant', id: ACME }, { kind: 'plan' });
      expect([await authenticate(text), await find(ACME, 'db')]).toEqual(['ok', 'db']);
      const tenant = await clock.settle(directory.tenant(ACME));
      source.lookupsDown = true;
      await clock.advance(10_000);
      expect([await authenticate(text), await find(ACME, 'db')]).toEqual(['ok', 'db']);
      expect(directory.knownTenant(ACME)).toBe(tenant);
      expect(tenant).toBeDefined();
    });

    it.each(['api-key', 'database', 'tenant', 'plan'] as const)(
      'forgets what it has read before that, of the kind %s, and nothing else',
      async (kind) => {
        const { text, entry } = createKey(ACME);
        source.putDatabase(ACME, 'db');
        await Promise.all([authenticate(text), find(ACME, 'db')]);
        const known = () => ({
          'api-key': directory.knownPrincipal(text) !== undefined || !directory.isKnownActive(ACME),
          database: directory.knownDatabase(ACME, 'db') !== undefined,
          tenant: directory.knownTenant(ACME) !== undefined,
        });
        await clock.advance(1_500);
        expect(known()).toEqual({ 'api-key': true, database: true, tenant: true });
        if (kind === 'api-key') source.feed.push({ kind, id: entry.id });
        else if (kind === 'database') source.feed.push({ kind, tenantId: ACME, name: 'db' });
        else source.feed.push(kind === 'tenant' ? { kind, id: ACME } : { kind });
        await clock.advance(1_500);
        const forgotten = kind === 'plan' ? 'tenant' : kind;
        expect(known()).toEqual({ 'api-key': true, database: true, tenant: true, [forgotten]: false });
      },
    );

    it('forgets all tenants after more changes of plans than it can look at', async () => {
      source.openSince = 0;
      source.feed.push(...Array.from({ length: 10 }, () => ({ kind: 'plan' as const })));
      await clock.settle(directory.tenant(ACME));
      await clock.advance(1_500);
      expect(directory.knownTenant(ACME)).toBeDefined();
      source.feed.push({ kind: 'plan' });
      await clock.settle(directory.tenant(EVIL));
      await clock.advance(1_500);
      expect([ACME, EVIL].map((id) => directory.knownTenant(id))).toEqual([undefined, undefined]);
    });
  });

  describe('told that another server answers', () => {
    it('asks anew for what it has read of the one before, which the other may lack, and serves it meanwhile', async () => {
      const [lost, kept] = [createKey(ACME), createKey(ACME)];
      source.putDatabase(ACME, 'lost');
      expect([await authenticate(lost.text), await authenticate(kept.text), await find(ACME, 'lost')]).toEqual([
        ...['ok', 'ok', 'lost'],
      ]);
      await clock.advance(1_500);
      source.keys.delete(lost.entry.id);
      source.databases.delete(`${ACME}/lost`);
      source.otherServerNext = true;
      await clock.advance(5_000);
      const known = () => [lost, kept].map(({ text }) => directory.knownPrincipal(text) !== undefined);
      expect(known()).toEqual([false, false]);
      expect([await authenticate(lost.text), await authenticate(kept.text), await find(ACME, 'lost')]).toEqual([
        ...['ok', 'ok', 'lost'],
      ]);
      await clock.advance(1_000);
      expect([await authenticate(lost.text), await authenticate(kept.text), await find(ACME, 'lost')]).toEqual([
        ...['invalid-api-key', 'ok', undefined],
      ]);
      const { lookups } = source;
      await clock.advance(MINUTE_MS);
      expect(known()).toEqual([false, true]);
      expect(source.lookups).toBe(lookups);
    });

    it('serves what it cannot ask for as long as in an outage, which began when the one before answered last', async () => {
      const { text } = createKey(ACME);
      expect(await authenticate(text)).toBe('ok');
      await clock.advance(1_500);
      source.otherServerNext = true;
      source.lookupsDown = true;
      await clock.advance(10 * MINUTE_MS);
      expect(await authenticate(text)).toBe('ok');
      // A second time: what is in doubt is not known anew by that.
      source.otherServerNext = true;
      await clock.advance(6 * MINUTE_MS);
      expect(await authenticate(text)).toBe('unavailable');
    });

    it('leaves most lookups to those who wait', async () => {
      const keys = Array.from({ length: 300 }, () => createKey(ACME));
      for (const { text } of keys) expect(await authenticate(text)).toBe('ok');
      await clock.advance(1_500);
      source.otherServerNext = true;
      await clock.advance(5_000);
      const { lookups } = source;
      source.lookupLatencyMs = 10_000;
      const answers = keys.map(({ text }) => directory.authenticate(text));
      await clock.settle(Promise.all(answers));
      expect(source.lookups - lookups).toBeGreaterThan(50);
      expect(source.lookups - lookups).toBeLessThanOrEqual(101);
    });
  });

  it('finds at once what was missing before', async () => {
    expect(await find(ACME, 'db')).toBeUndefined();
    source.putDatabase(ACME, 'db');
    expect(await find(ACME, 'db')).toBe('db');
  });

  it('finds what was created while somebody else was already looking for it', async () => {
    const early = directory.database(ACME, 'db');
    await clock.advance(1);
    source.putDatabase(ACME, 'db');
    expect(await find(ACME, 'db')).toBe('db');
    expect(await clock.settle(early)).toBeUndefined();
  });

  it('asks for the same absent thing ten times a second at most', async () => {
    const until = clock.now() + 1_000;
    let asked = 0;
    while (clock.now() < until) {
      await clock.settle(Promise.all(Array.from({ length: 10 }, () => directory.database(ACME, 'none'))));
      asked += 10;
    }
    expect(asked).toBeGreaterThan(50);
    expect(source.lookups).toBeLessThanOrEqual(11);
  });

  it("answers another tenant's database like none", async () => {
    source.putDatabase(ACME, 'db');
    expect(await find(EVIL, 'db')).toBeUndefined();
    expect(await find(ACME, 'db')).toBe('db');
    expect(await find(EVIL, 'db')).toBeUndefined();
  });

  it('forgets a deleted database within two seconds', async () => {
    source.putDatabase(ACME, 'db');
    expect(await find(ACME, 'db')).toBe('db');
    source.dropDatabase(ACME, 'db');
    await clock.advance(2_000);
    expect(await find(ACME, 'db')).toBeUndefined();
  });

  it('serves what it knows while the store is down, and nothing else', async () => {
    const { text } = createKey(ACME);
    const { text: unseen } = createKey(ACME);
    source.putDatabase(ACME, 'db');
    expect(await authenticate(text)).toBe('ok');
    expect(await find(ACME, 'db')).toBe('db');
    source.down = true;
    await clock.advance(14 * MINUTE_MS);
    expect(await authenticate(text)).toBe('ok');
    expect(await find(ACME, 'db')).toBe('db');
    expect(await authenticate(unseen)).toBe('unavailable');
    expect(await code(directory.database(ACME, 'other'))).toBe('unavailable');
    expect(outages).toEqual(['out']);
  });

  it('stops serving what nobody has confirmed for too long, until the store is back', async () => {
    const { text } = createKey(ACME);
    expect(await authenticate(text)).toBe('ok');
    source.down = true;
    await clock.advance(16 * MINUTE_MS);
    expect(await authenticate(text)).toBe('unavailable');
    source.down = false;
    await clock.advance(2_000);
    expect(await authenticate(text)).toBe('ok');
    expect(outages).toEqual(['out', 'back']);
  });

  it('counts the time that a sleeping machine lost', async () => {
    const { text } = createKey(ACME);
    expect(await authenticate(text)).toBe('ok');
    source.down = true;
    clock.jumpWall(16 * MINUTE_MS);
    expect(await authenticate(text)).toBe('unavailable');
  });

  it('learns after an outage what was revoked during it', async () => {
    const { text, entry } = createKey(ACME);
    expect(await authenticate(text)).toBe('ok');
    source.down = true;
    source.putKey({ ...entry, revoked: true });
    await clock.advance(5 * MINUTE_MS);
    expect(await authenticate(text)).toBe('ok');
    source.down = false;
    await clock.advance(2_000);
    expect(await authenticate(text)).toBe('invalid-api-key');
  });

  it('loads keys anew behind the caller when only the feed is down', async () => {
    const { text, entry } = createKey(ACME);
    expect(await authenticate(text)).toBe('ok');
    source.feedDown = true;
    source.putKey({ ...entry, revoked: true });
    await clock.advance(MINUTE_MS);
    expect(await authenticate(text)).toBe('ok');
    await clock.advance(2 * LATENCY_MS);
    expect(await authenticate(text)).toBe('invalid-api-key');
  });

  it.each(['reset', 'a pause longer than half the retention'])(
    'forgets everything after %s of the feed',
    async (what) => {
      const { text, entry } = createKey(ACME);
      expect(await authenticate(text)).toBe('ok');
      if (what === 'reset') source.resetNext = true;
      else {
        source.down = true;
        await clock.advance(31 * MINUTE_MS);
        source.down = false;
      }
      // Not in the feed, as if it had been pruned.
      source.keys.set(entry.id, { ...entry, revoked: true });
      await clock.advance(2_000);
      expect(await authenticate(text)).toBe('invalid-api-key');
    },
  );

  it('starts while the store is down, and forgets what it loaded before it followed the feed', async () => {
    source.down = true;
    directory = open();
    await clock.settle(directory.start());
    const { text, entry } = createKey(ACME);
    expect(await authenticate(text)).toBe('unavailable');
    source.down = false;
    expect(await authenticate(text)).toBe('ok');
    source.keys.set(entry.id, { ...entry, revoked: true });
    await clock.advance(1_500);
    expect(await authenticate(text)).toBe('invalid-api-key');
  });

  it('keeps a bounded number of keys, the least recently used going first', async () => {
    directory = open({ maxKeys: 2 });
    await clock.settle(directory.start());
    const [a, b, c] = [createKey(ACME), createKey(ACME), createKey(ACME)];
    await clock.advance(1_500);
    for (const { text } of [a, b, a, c]) await authenticate(text);
    const before = source.lookups;
    await authenticate(a.text);
    expect(source.lookups).toBe(before);
    await authenticate(b.text);
    expect(source.lookups).toBe(before + 1);
  });

  it('refuses to queue lookups without bound', async () => {
    const strangers = Array.from({ length: 1_001 }, (_, i) => mintApiKey(ids, seededRandom(i + 1_000)).key);
    const codes = await clock.settle(
      Promise.all(
        strangers.map((text) =>
          directory.authenticate(text).then(
            () => 'ok',
            (error: { code: string }) => error.code,
          ),
        ),
      ),
    );
    expect(codes.filter((answer) => answer === 'overloaded')).toHaveLength(1);
    expect(codes.filter((answer) => answer === 'invalid-api-key')).toHaveLength(1_000);
  });

  it('stops asking once it is stopped', async () => {
    await clock.settle(directory.stop());
    expect(clock.armedTimers).toBe(0);
    expect(parseApiKey(createKey(ACME).text)).toBeDefined();
  });
});
