import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Kv, KvKey } from '@deno/kv';
import { KvU64, openKv } from '@deno/kv';
import { seededRandom } from '@leasehold/foundation';

import { compareSides } from './deno-kv/differential.js';
import { KvSide, ownRealm } from './deno-kv/kv-side.js';
import { KvWatcher } from './deno-kv/kv-watcher.js';
import type { Tenant } from './src/api.js';
import { call, expectStatus, signUp } from './src/api.js';
import { Leasehold, parts } from './src/leasehold.js';
import { pause } from './src/until.js';

const SEED = Number(process.env['E2E_DENO_KV_SEED'] ?? 20_261_128);
const OPERATIONS = Number(process.env['E2E_DENO_KV_OPERATIONS'] ?? 600);
/** Keys that the random calls meet often. */
const WATCHED: KvKey[] = [['a'], ['b'], ['a', 'a'], ['a', 'b'], ['b', 'a'], ['n', 0], ['n', 1]];
/** Messages with bytes that were changed or cut off. */
const DAMAGED = 2_000;
/** Beside what everything else takes. */
const MS_PER_OPERATION = 150;

/** Nobody is refused for asking too often here. */
const WITHOUT_LIMITS = {
  TENANT_REQUESTS_PER_SECOND: '1000000',
  TENANT_BYTES_PER_SECOND: String(10 * 1024 * 1024 * 1024),
  TENANT_CONCURRENT_REQUESTS: '4096',
};

describe('Deno KV over KV Connect', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  let kv: Kv;
  const open = (onSent?: (target: string, body: Uint8Array) => void): Promise<Kv> => {
    const fetcher: typeof fetch = async (target, init) => {
      if (init?.body instanceof Uint8Array) onSent?.(String(target), init.body);
      return ownRealm(await fetch(target, init));
    };
    return openKv(`${leasehold.ready.gateway}/kv/main`, { accessToken: tenant.key, fetcher });
  };
  /** A message as it is, past the client. */
  const send = (route: string, body: Uint8Array) =>
    call(`${leasehold.ready.gateway}/kv/main/v2/${route}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tenant.key}`,
        'content-type': 'application/x-protobuf',
        'x-denokv-version': '3',
        'x-denokv-database-id': tenant.databaseId,
      },
      body: body as RequestInit['body'],
    });

  beforeAll(async () => {
    // Every few hundred writes are flushed, so that there are files to read and to merge.
    const environment = { ...(await parts()), ...WITHOUT_LIMITS, MAX_UNFLUSHED_BYTES: String(1024 * 1024) };
    leasehold = await Leasehold.up({ environment });
    tenant = await signUp(leasehold.ready);
    kv = await open();
  }, 120_000);
  afterAll(async () => {
    kv?.close();
    await leasehold?.stop();
  }, 60_000);

  it(
    `answers ${OPERATIONS} random calls as the database of Deno itself does (seed ${SEED})`,
    async () => {
      const other = await signUp(leasehold.ready);
      const sides = [
        await KvSide.native(),
        await KvSide.remote(`${leasehold.ready.gateway}/kv/main`, other.key),
      ] as const;
      try {
        const [native, remote] = sides;
        // On one side: the native client's own waits for ever, and with it the test.
        const watch = new KvWatcher(remote, WATCHED);
        const { byOutcome, differences } = await compareSides(sides, seededRandom(SEED), OPERATIONS);
        process.stderr.write(
          `${OPERATIONS} operations of Deno KV, ${differences.length} differences: ${JSON.stringify(byOutcome)}\n`,
        );
        expect(differences).toEqual([]);
        // Whatever was told in between: the last that was heard is what the other side holds.
        native.begin();
        const held = (await native.kv.getMany(WATCHED)).map((entry) => native.show(entry));
        expect(await watch.settled()).toEqual(held);
        for (const kind of [
          'get answered',
          'getMany answered',
          'set answered',
          'list answered',
          'atomic answered',
          'atomic refused',
        ]) {
          expect([kind, byOutcome[kind] ?? 0]).toEqual([kind, expect.any(Number)]);
          expect(byOutcome[kind]).toBeGreaterThan(OPERATIONS / 200);
        }
      } finally {
        for (const side of sides) side.kv.close();
      }
    },
    60_000 + OPERATIONS * MS_PER_OPERATION,
  );

  it('forgets a key at the millisecond at which it expires, and a counter that is summed never', async () => {
    await kv.set(['short'], 1, { expireIn: 400 });
    await kv
      .atomic()
      .mutate({ type: 'set', key: ['count'], value: new KvU64(1n), expireIn: 400 })
      .sum(['count'], 1n)
      .commit();
    expect((await kv.get(['short'])).value).toBe(1);
    await pause(500);
    expect((await kv.get(['short'])).versionstamp).toBeNull();
    expect((await kv.get(['count'])).value).toEqual({ value: 2n });
    expect(
      (
        await kv
          .atomic()
          .check({ key: ['short'], versionstamp: null })
          .set(['short'], 2)
          .commit()
      ).ok,
    ).toBe(true);
  });

  it('shows HTTP clients its bytes, and their bytes to Deno', async () => {
    const key = Buffer.from([0x02, 0x68, 0x00]).toString('base64url');
    await kv.set(['h'], new TextEncoder().encode('from Deno'));
    expect((await tenant.database.request('GET', `/keys64/${key}`)).body.toString()).toBe('from Deno');
    const written = await tenant.database.request('PUT', `/keys64/${key}`, {}, 'from HTTP');
    expectStatus(written, 200);
    const entry = await kv.get(['h']);
    expect(entry.value).toEqual(new TextEncoder().encode('from HTTP'));
    expect(`"${entry.versionstamp}"`).toBe(written.headers.get('etag'));
  });

  it('writes keys that end with the versionstamp of their commit, in order', async () => {
    // The client in Node cannot ask for them: Mutation { bytes key = 1, KvValue value = 2, MutationType mutation_type = 3 }.
    const part = (field: number, ...bytes: number[]): number[] => [(field << 3) | 2, bytes.length, ...bytes];
    const value = [...part(1, 0x76), 0x10, 3];
    const mutation = [...part(1, 0x02, 0x6c, 0x6f, 0x67, 0x00), ...part(2, ...value), 0x18, 9];
    for (let i = 0; i < 3; i++)
      expect((await send('atomic_write', Uint8Array.from(part(2, ...mutation)))).status).toBe(200);
    const entries = [];
    for await (const entry of kv.list({ prefix: ['log'] })) entries.push(entry);
    expect(entries).toHaveLength(3);
    for (const { key, versionstamp, value } of entries) {
      expect(key).toEqual(['log', versionstamp]);
      expect(value).toEqual(Uint8Array.of(0x76));
    }
    expect([...entries].sort((a, b) => (a.versionstamp < b.versionstamp ? -1 : 1))).toEqual(entries);
  });

  it('answers damaged messages without a 5xx, and goes on', async () => {
    const sent: { readonly route: string; readonly body: Uint8Array }[] = [];
    const recorded = await open((target, body) => sent.push({ route: target.split('/').at(-1) ?? '', body }));
    const all = recorded
      .atomic()
      .check({ key: ['d'], versionstamp: null })
      .set(['d'], { a: 1 }, { expireIn: 60_000 });
    await all.sum(['e'], 5n).delete(['f']).commit();
    await recorded.getMany([['d'], ['e'], ['f']]);
    for await (const entry of recorded.list({ prefix: [] }, { reverse: true, limit: 50 }))
      expect(entry.key).toBeDefined();
    recorded.close();
    const random = seededRandom(SEED);
    const below = (limit: number) => Math.floor(random.fraction() * limit);
    const statuses: Record<number, number> = {};
    for (let i = 0; i < DAMAGED; i++) {
      const { route, body } = sent[below(sent.length)] as (typeof sent)[number];
      const bytes = Buffer.from(body);
      for (let n = 0; n <= below(3); n++) bytes[below(bytes.byteLength)] = below(256);
      const { status } = await send(route, bytes.subarray(0, below(5) === 0 ? below(bytes.byteLength) : undefined));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    expect(Object.keys(statuses).filter((status) => Number(status) >= 500)).toEqual([]);
    expect(statuses[400]).toBeGreaterThan(DAMAGED / 20);
    await kv.set(['after'], 'whole');
    expect((await kv.get(['after'])).value).toBe('whole');
  }, 120_000);

  it('refuses queues, and says so', async () => {
    await expect(kv.enqueue('x')).rejects.toThrow(/400.*queues are not supported/);
  });

  it('keeps a watch alive while its owner is killed and another is drained', async () => {
    await kv.set(['w', 1], 'before');
    const reader = kv
      .watch(
        [
          ['w', 1],
          ['w', 2],
        ],
        { raw: true },
      )
      .getReader();
    const seen: unknown[] = [];
    const heard = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        seen.push(value.map((entry) => entry.value));
      }
    })();
    const until = async (value: unknown) => {
      const endsAt = Date.now() + 30_000;
      while (JSON.stringify(seen.at(-1)) !== JSON.stringify(value)) {
        if (Date.now() > endsAt) throw new Error(`saw ${JSON.stringify(seen)}`);
        await pause(50);
      }
    };
    await until(['before', null]);
    for (const [signal, value] of [
      ['SIGKILL', 'after a kill'],
      ['SIGTERM', 'after a drain'],
    ] as const) {
      const { owner } = await tenant.database.stats();
      if (owner === null) throw new Error('nobody owns the database');
      process.kill(owner.pid, signal);
      // The first of them asks while nobody owns the database.
      expect((await kv.set(['w', 2], value)).ok).toBe(true);
      await until(['before', value]);
      expect((await tenant.database.stats()).owner?.pid).not.toBe(owner.pid);
    }
    await reader.cancel();
    await heard;
    expect(seen).toEqual([
      ['before', null],
      ['before', 'after a kill'],
      ['before', 'after a drain'],
    ]);
  }, 120_000);
});
