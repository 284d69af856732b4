import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Fate } from '../testing/fake-gateway.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import { connect } from './connect.js';
import { connectOn } from './connect.js';
import type { Platform } from './platform.js';
import { systemPlatform } from './platform.js';

describe('calling a gateway', () => {
  let gateway: FakeGateway;

  beforeEach(async () => {
    gateway = await FakeGateway.start();
  });
  afterEach(() => gateway.stop());

  const refusing = (...fates: Fate[]) => {
    gateway.fate = () => fates.shift() ?? 'serve';
  };
  const problem = (status: number, code: string, more = {}) => ({
    status,
    body: JSON.stringify({ code, detail: 'why', ...more }),
  });

  it.each([
    [400, 'invalid-body', 'InvalidError'],
    [401, 'invalid-api-key', 'UnauthorizedError'],
    [403, 'insufficient-scope', 'UnauthorizedError'],
    [404, 'database-not-found', 'NotFoundError'],
    [409, 'database-full', 'QuotaError'],
    [410, 'history-gone', 'InvalidError'],
    [413, 'value-too-large', 'InvalidError'],
    [422, 'not-a-counter', 'ConflictError'],
    [429, 'quota-exceeded', 'QuotaError'],
    [500, 'corrupt-object', 'LeaseholdError'],
  ])('throws what to do next: %p %s is a %s, and is not sent again', async (status, code, name) => {
    refusing(problem(status, code, { requestId: 'r-9' }));
    await expect(clientOf(gateway).put(['k'], 1)).rejects.toMatchObject({
      name,
      code,
      message: 'why',
      requestId: 'r-9',
    });
    expect(gateway.seen).toHaveLength(1);
  });

  it.each([
    problem(503, 'owner-unavailable', { retryAfterMs: 10 }),
    problem(429, 'too-many-requests', { retryAfterMs: 10 }),
    problem(503, 'outcome-unknown'),
    problem(500, 'internal'),
    { status: 502, body: '<html>a proxy</html>' },
    'drop-reply' as const,
  ])('sends again after %p', async (fate) => {
    refusing(fate, fate);
    const db = clientOf(gateway);
    await db.put(['k'], 1);
    expect([gateway.seen.length, gateway.store.sequence]).toEqual([3, 1]);
  });

  it('waits as long as it is asked to', async () => {
    const pauses: number[] = [];
    const system = systemPlatform();
    const platform: Platform = {
      ...system,
      random: () => 0,
      sleep: (delayMs, signal) => {
        if (delayMs < 20_000) pauses.push(delayMs);
        return system.sleep(delayMs < 20_000 ? 0 : delayMs, signal);
      },
    };
    refusing(problem(503, 'overloaded', { retryAfterMs: 700 }), problem(503, 'overloaded'));
    await connectOn(platform, { url: gateway.url, key: gateway.token, database: 'main' }).get(['k']);
    expect(pauses).toEqual([700, 0]);
  });

  it('gives up when the time of the call is over', async () => {
    gateway.fate = () => ({ lateMs: 300 });
    const db = connect({
      url: gateway.url,
      key: gateway.token,
      database: 'main',
      timeoutMs: 100,
      attemptTimeoutMs: 60,
    });
    await expect(db.get(['k'])).rejects.toMatchObject({ name: 'UnavailableError', code: 'timeout' });
    await expect(db.put(['k'], 1)).rejects.toMatchObject({ name: 'UnknownOutcomeError', code: 'timeout' });
  });

  it('ends with the signal of the call: before it is sent, on the way, and while it waits', async () => {
    const db = clientOf(gateway);
    const reason = new Error('enough');
    await expect(db.get(['k'], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(gateway.seen).toEqual([]);
    for (const fate of [{ lateMs: 1_000 }, problem(503, 'overloaded', { retryAfterMs: 30_000 })]) {
      gateway.fate = () => fate;
      const controller = new AbortController();
      const call = db.put(['k'], 1, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 50);
      await expect(call).rejects.toBe(reason);
    }
  });

  it('fetches one token for all, and another one when the first is refused', async () => {
    let fetched = 0;
    const db = clientOf(gateway, {
      token: async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return `token-${++fetched}`;
      },
    });
    gateway.token = 'token-1';
    await Promise.all([db.get(['a']), db.get(['b']), db.get(['c'])]);
    gateway.token = 'token-2';
    await Promise.all([db.get(['a']), db.get(['b']), db.get(['c'])]);
    expect(fetched).toBe(2);
    gateway.token = 'another';
    await expect(db.get(['a'])).rejects.toMatchObject({ name: 'UnauthorizedError', code: 'invalid-api-key' });
    expect(fetched).toBe(3);
  });

  it('says when there is no token, and asks again the next time', async () => {
    let isThere = false;
    const db = clientOf(gateway, {
      token() {
        if (isThere) return gateway.token;
        throw new Error('nobody is logged in');
      },
    });
    await expect(db.put(['a'], 1)).rejects.toMatchObject({ name: 'UnavailableError', code: 'no-token' });
    expect(gateway.seen).toEqual([]);
    isThere = true;
    expect(await db.get(['a'])).toBeUndefined();
  });

  it('asks for a token again when asking fails', async () => {
    let asked = 0;
    const token = () => (asked++ === 0 ? Promise.reject(new TypeError('fetch failed')) : gateway.token);
    expect(await clientOf(gateway, { token }).get(['a'])).toBeUndefined();
    expect(asked).toBe(2);
  });

  it('waits for a token no longer than for an answer, and asks anew', async () => {
    let asked = 0;
    const token = () => (asked++ === 0 ? new Promise<string>(() => undefined) : gateway.token);
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    const never = clientOf(gateway, { token: () => new Promise<string>(() => undefined), timeoutMs: 10_000 });
    await expect(never.put(['a'], 1)).rejects.toMatchObject({ name: 'UnavailableError', code: 'no-token' });
    const stopped = clientOf(gateway, { token }).get(['a'], { signal: controller.signal });
    await expect(stopped).rejects.toBe(reason);
    asked = 0;
    expect(await clientOf(gateway, { token, attemptTimeoutMs: 5_000 }).get(['a'])).toBeUndefined();
    expect(asked).toBe(2);
  });

  it('takes times without an end, and settings without a value', async () => {
    const db = connect({
      url: gateway.url,
      key: gateway.token,
      database: 'main',
      timeoutMs: Infinity,
      attemptTimeoutMs: Infinity,
      retries: { attempts: undefined } as object,
    });
    refusing('drop-request', 'drop-request');
    expect(await db.get(['k'])).toBeUndefined();
    expect(gateway.seen).toHaveLength(3);
  });

  it.each(['W/"00000000000000000001"', '"1"', '*'])('takes %p for no version', async (etag) => {
    const fetch = () => Promise.resolve(new Response('1', { headers: { etag } }));
    const db = connect({ url: gateway.url, key: 'k', database: 'main', fetch, retries: { attempts: 1 } });
    await expect(db.get(['k'])).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'unreadable-answer',
    });
  });

  it('refuses options that cannot work', () => {
    const wrong = expect.objectContaining({ name: 'InvalidError', code: 'invalid-argument' });
    expect(() => connect({ url: 'localhost:4000', key: 'k', database: 'd' })).toThrow(wrong);
    expect(() => connect({ url: 'http://localhost', database: 'd' })).toThrow(wrong);
    expect(() => connect({ url: 'http://localhost', key: 'k', token: 't', database: 'd' })).toThrow(wrong);
    for (const url of ['http://localhost?a=1', 'http://localhost/#a', 'http://me:pass@localhost', 'http://']) {
      expect(() => connect({ url, key: 'k', database: 'd' })).toThrow(wrong);
    }
    for (const database of [undefined, '', 7] as never[]) {
      expect(() => connect({ url: 'http://localhost', key: 'k', database })).toThrow(wrong);
    }
    expect(() => connect({ url: 'HTTPS://localhost/below/', key: 'k', database: 'd' })).not.toThrow();
  });

  it('says what no header takes, and sends nothing: nothing was applied', async () => {
    const wrong = { name: 'InvalidError', code: 'invalid-argument' };
    await expect(clientOf(gateway, { token: 'lh_…' }).get(['k'])).rejects.toMatchObject(wrong);
    const idempotencyKey = 'order\n17 €';
    await expect(clientOf(gateway).put(['k'], 1, { idempotencyKey })).rejects.toMatchObject(wrong);
    await expect(clientOf(gateway).put(['k'], 1, { ifVersion: '…' })).rejects.toMatchObject(wrong);
    expect(gateway.seen).toEqual([]);
  });

  it('names the first wrong member of a body once', async () => {
    const errors = [{ member: 'ops.0', problem: 'is missing' }];
    refusing(problem(400, 'invalid-body', { detail: 'ops.0: is missing', errors }));
    await expect(clientOf(gateway).get(['k'])).rejects.toMatchObject({ message: 'ops.0: is missing' });
    refusing(problem(400, 'invalid-body', { errors }));
    await expect(clientOf(gateway).get(['k'])).rejects.toMatchObject({ message: 'why: ops.0 is missing' });
  });
});
