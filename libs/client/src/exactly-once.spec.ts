import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Fate, SeenRequest } from '../testing/fake-gateway.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import { counter } from './codec.js';
import type { Database } from './database.js';
import { UnknownOutcomeError } from './errors.js';

/** A small generator of numbers below 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('writes over connections that lose answers', () => {
  let gateway: FakeGateway;
  let db: Database;

  beforeEach(async () => {
    gateway = await FakeGateway.start();
    db = clientOf(gateway, { retries: { attempts: 30 } });
  });
  afterEach(() => gateway.stop());

  const isWrite = ({ method, path }: SeenRequest) =>
    method === 'PUT' || method === 'DELETE' || path === '/transactions';
  /** The first request that it is of gets this fate, all others are served. */
  const once = (fate: Fate, isOf: (request: SeenRequest) => boolean) => {
    let left = 1;
    return (request: SeenRequest): Fate => (isOf(request) && left-- > 0 ? fate : 'serve');
  };

  it.each([1, 2, 3])(
    'applies every transaction once, whatever is dropped (seed %p)',
    async (seed) => {
      const random = seeded(seed);
      gateway.fate = () => (random() < 0.25 ? 'drop-reply' : random() < 0.1 ? 'drop-request' : 'serve');
      const transfers = Array.from({ length: 20 }, (_, index) =>
        db.transact(
          async (tx) => {
            const [a, b] = await tx.getMany<number>([['a'], ['b', index % 3]]);
            tx.put(['a'], (a?.value ?? 0) - 1);
            // Created, deleted and created again: conditions that hold, fail, and hold once more.
            if (b === undefined) tx.put(['b', index % 3], 1);
            else tx.delete(['b', index % 3]);
            tx.sum(['count'], 1);
            tx.put(['done', index], true);
          },
          { attempts: 200 },
        ),
      );
      await Promise.all(transfers);
      gateway.fate = () => 'serve';
      expect((await db.get(['a']))?.value).toBe(-20);
      expect((await db.get(['count'], { codec: counter }))?.value).toBe(20n);
      expect((await db.page({ prefix: ['done'] })).entries).toHaveLength(20);
    },
    60_000,
  );

  it('sends a write again under its key when its answer is lost', async () => {
    gateway.fate = once('drop-reply', isWrite);
    const { version } = await db.put(['k'], 1, { ifVersion: null });
    expect((await db.get(['k']))?.version).toBe(version);
    const keys = gateway.seen.filter(isWrite).map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size, gateway.store.sequence]).toEqual([2, 1, 1]);
  });

  it('tells of a refusal after a lost attempt only when that attempt can never arrive', async () => {
    // The first attempt hangs in the network, the client gives it up, and others are faster.
    gateway.fate = once({ lateMs: 300 }, (request) => {
      if (!isWrite(request)) return false;
      if (gateway.store.sequence === 0) {
        const target = new URL(request.path, gateway.url);
        gateway.store.answer('PUT', target, { 'idempotency-key': 'theirs' }, Buffer.from('"theirs"'));
      }
      return true;
    });
    const hasty = clientOf(gateway, { attemptTimeoutMs: 5_000 });
    const refusal = { name: 'ConflictError', code: 'precondition-failed' };
    await expect(hasty.put(['k'], 'mine', { ifVersion: null })).rejects.toMatchObject(refusal);
    await db.delete(['k']);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(gateway.seen.filter(isWrite).length).toBeGreaterThan(2);
    expect(await db.get(['k'])).toBeUndefined();
  });

  it('learns that the lost attempt was applied after all', async () => {
    // Lost, then refused by a proxy that knows nothing: the key tells what happened.
    const fates: Fate[] = ['drop-reply', { status: 412, body: '{"code":"precondition-failed"}' }];
    gateway.fate = (request) => (isWrite(request) ? (fates.shift() ?? 'serve') : 'serve');
    const { version } = await db.put(['k'], 1, { ifVersion: null });
    expect([(await db.get(['k']))?.version, gateway.store.sequence]).toEqual([version, 1]);
  });

  it('calls the outcome unknown where the key is of the caller, who can ask again', async () => {
    const fates: Fate[] = ['drop-request', { status: 412, body: '{"code":"precondition-failed"}' }];
    gateway.fate = (request) => (isWrite(request) ? (fates.shift() ?? 'serve') : 'serve');
    const put = () => db.put(['k'], 1, { ifVersion: null, idempotencyKey: 'mine' });
    await expect(put()).rejects.toMatchObject({ name: 'UnknownOutcomeError', retryable: true, idempotencyKey: 'mine' });
    await put();
    expect(gateway.store.sequence).toBe(1);
  });

  it('tells nothing of a write by what was found wrong with a later attempt', async () => {
    const unknown = { name: 'UnknownOutcomeError', idempotencyKey: expect.any(String) };
    for (const later of [
      { status: 408 },
      { status: 405 },
      { status: 400, body: '<html>' },
      { status: 404 },
    ] as Fate[]) {
      const fates: Fate[] = ['drop-request', ...Array.from({ length: 40 }, () => later)];
      gateway.fate = () => fates.shift() ?? 'serve';
      await expect(db.put(['k'], 1)).rejects.toMatchObject(unknown);
    }
    const fates: Fate[] = ['drop-request', { status: 401, body: '{"code":"invalid-token"}' }];
    gateway.fate = () => fates.shift() ?? 'serve';
    const tokens = [gateway.token];
    const loggedOut = clientOf(gateway, { token: () => tokens.shift() ?? '' });
    await expect(loggedOut.put(['k'], 2)).rejects.toMatchObject(unknown);
    expect(gateway.store.sequence).toBe(0);
  });

  it('trusts what the service finds wrong with the request, whenever it says so', async () => {
    const fates: Fate[] = ['drop-request', { status: 413, body: '{"code":"value-too-large"}' }];
    gateway.fate = () => fates.shift() ?? 'serve';
    await expect(db.put(['k'], 1)).rejects.toMatchObject({
      name: 'InvalidError',
      code: 'value-too-large',
      status: 413,
    });
  });

  it('keeps the outcome unknown where taking the key is refused for reasons of its own', async () => {
    const fates: Fate[] = [
      'drop-request',
      { status: 412, body: '{"code":"precondition-failed"}' },
      { status: 400, body: '{"code":"invalid-body"}' },
    ];
    gateway.fate = () => fates.shift() ?? 'serve';
    await expect(db.put(['k'], 1, { ifVersion: null })).rejects.toMatchObject({ name: 'UnknownOutcomeError' });
  });

  it('takes a page of a proxy for no answer: a write is unknown, a read unavailable', async () => {
    gateway.fate = () => ({ status: 200, body: '<html>sign in</html>' });
    const unreadable = { code: 'unreadable-answer' };
    const impatient = clientOf(gateway, { retries: { attempts: 2 } });
    const write = { ...unreadable, name: 'UnknownOutcomeError', idempotencyKey: expect.any(String) };
    await expect(impatient.put(['k'], 1)).rejects.toMatchObject(write);
    await expect(impatient.transact((tx) => tx.put(['k'], 1))).rejects.toMatchObject(write);
    const read = { ...unreadable, name: 'UnavailableError' };
    await expect(impatient.get(['k'])).rejects.toMatchObject(read);
    await expect(impatient.page()).rejects.toMatchObject(read);
    await expect(impatient.stats()).rejects.toMatchObject(read);
  });

  it('sends a transaction under the key that it is given, and commits under it once', async () => {
    const impatient = clientOf(gateway, { retries: { attempts: 1 } });
    gateway.fate = once('drop-reply', isWrite);
    const count = (options?: { readonly idempotencyKey: string }) =>
      impatient.transact((tx) => {
        tx.sum(['n'], 1);
        return 'counted';
      }, options);
    const error = (await count().catch((error: unknown) => error)) as UnknownOutcomeError;
    expect(error).toBeInstanceOf(UnknownOutcomeError);
    const idempotencyKey = String(error.idempotencyKey);
    expect(await count({ idempotencyKey })).toBe('counted');
    expect((await db.get(['n'], { codec: counter }))?.value).toBe(1n);
    const other = impatient.transact((tx) => tx.sum(['n'], 5), { idempotencyKey });
    await expect(other).rejects.toMatchObject({ name: 'ConflictError', code: 'idempotency-key-reused' });
    expect((await db.get(['n'], { codec: counter }))?.value).toBe(1n);
  });

  it('writes without a key where the database remembers no further ones, and then once', async () => {
    let fate: Fate = 'serve';
    gateway.fate = ({ method, headers }) => {
      if (method !== 'PUT') return 'serve';
      return headers['idempotency-key'] === undefined
        ? fate
        : { status: 429, body: '{"code":"idempotency-keys-exhausted"}' };
    };
    const { version } = await db.put(['k'], 1);
    expect((await db.get(['k']))?.version).toBe(version);
    fate = 'drop-reply';
    const lost = { name: 'UnknownOutcomeError', code: 'unreachable', idempotencyKey: undefined };
    await expect(db.put(['k'], 2)).rejects.toMatchObject(lost);
    expect(gateway.store.sequence).toBe(2);
    const refused = { name: 'QuotaError', code: 'idempotency-keys-exhausted' };
    await expect(db.put(['k'], 3, { idempotencyKey: 'mine' })).rejects.toMatchObject(refused);
    expect(gateway.store.sequence).toBe(2);
  });

  it('calls the outcome of a write unknown when no answer ever comes, and a read unavailable', async () => {
    gateway.fate = () => 'drop-request';
    const impatient = clientOf(gateway, { retries: { attempts: 3 } });
    await expect(impatient.put(['k'], 1)).rejects.toMatchObject({ name: 'UnknownOutcomeError', code: 'unreachable' });
    expect(gateway.seen).toHaveLength(3);
    await expect(impatient.get(['k'])).rejects.toMatchObject({ name: 'UnavailableError', code: 'unreachable' });
    await expect(impatient.transact((tx) => tx.put(['k'], 1))).rejects.toMatchObject({ name: 'UnknownOutcomeError' });
  });
});
