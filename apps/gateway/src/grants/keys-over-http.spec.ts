import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyGrant } from '@leasehold/directory';

import type { FakeWorker } from '../testing/fake-worker.js';
import { answerStored } from '../testing/fake-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';
import { TokenMaker } from '../testing/token-maker.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a confined API key at the gateway', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;

  const keyOf = (grant: Partial<KeyGrant>) =>
    world.source.addKey('tenant-a', ['data:read', 'data:write'], {
      databases: undefined,
      keyPrefix: undefined,
      ...grant,
    });
  async function told(key: string, method: string, path: string, body?: object): Promise<unknown> {
    const options = body === undefined ? {} : { body: JSON.stringify(body), headers: JSON_TYPE };
    const answer = await world.call(method, path, { key, ...options });
    return answer.status < 400 ? answer.status : { ...answer.json(), requestId: '' };
  }

  beforeAll(async () => {
    world = new GatewayWorld();
    world.source.addDatabase('tenant-a', 'customer-1', '1b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12');
    await world.start({ TENANT_BURST_REQUESTS: '10000' });
    worker = await world.addWorker();
  });
  afterEach(() => {
    worker.received.splice(0);
    worker.behaviour = answerStored(new Map());
  });
  afterAll(() => world.stop());

  it.each([
    ['GET', '/v1/db/DB/keys/k'],
    ['HEAD', '/v1/db/DB/keys/k'],
    ['PUT', '/v1/db/DB/keys/k'],
    ['DELETE', '/v1/db/DB/keys/k'],
    ['GET', '/v1/db/DB/keys64/aw'],
    ['GET', '/v1/db/DB/keys'],
    ['DELETE', '/v1/db/DB/keys?prefix=k'],
    ['POST', '/v1/db/DB/transactions'],
    ['POST', '/v1/db/DB/reads'],
    ['GET', '/v1/db/DB/changes'],
    ['POST', '/v1/db/DB/warm'],
    ['GET', '/v1/db/DB/stats'],
    ['POST', '/kv/DB'],
    ['POST', '/kv/DB/v2/snapshot_read'],
    ['POST', '/kv/DB/v2/atomic_write'],
    ['POST', '/kv/DB/v2/watch'],
  ])('finds a database outside its pattern as little as a missing one: %s %s', async (method, path) => {
    const key = keyOf({ databases: ['customer-*', 'mainly'] });
    const of = async (database: string) => {
      const { status, body } = await world.call(method, path.replace('DB', database), { key });
      return { status, body: body.toString().replace(/"requestId":"[^"]*"/, '') };
    };
    const outside = await of('main');
    expect(outside.status).toBe(404);
    expect(outside).toEqual(await of('missing'));
    expect(worker.received).toEqual([]);
  });

  it('reads and writes the databases of its pattern', async () => {
    const key = keyOf({ databases: ['customer-*'] });
    expect(await told(key, 'PUT', '/v1/db/customer-1/keys/k')).toBe(200);
    expect(await told(key, 'GET', '/v1/db/customer-1/keys/k')).toBe(200);
    expect(worker.received).toHaveLength(2);
  });

  it('keeps to its prefix on every route', async () => {
    const key = keyOf({ keyPrefix: Buffer.from('users/') });
    const main = '/v1/db/main';
    expect(await told(key, 'PUT', `${main}/keys/users%2F1`)).toBe(200);
    worker.received.splice(0);
    for (const [method, path, body] of [
      ['GET', 'keys/secret'],
      ['PUT', 'keys/secret'],
      ['GET', 'keys?prefix=user'],
      ['DELETE', 'keys?all=true'],
      ['POST', 'reads', { gets: [{ key: 'secret' }] }],
      ['POST', 'transactions', { checks: [], ops: [{ op: 'delete', key: 'secret' }] }],
      ['GET', 'stats'],
      ['GET', 'changes?prefix=s'],
    ] as const) {
      const answer = await told(key, method, `${main}/${path}`, body);
      expect([path, answer]).toMatchObject([path, { status: 403, code: 'outside-key-prefix' }]);
    }
    expect(worker.received).toEqual([]);
  });

  it('makes no token that is believed beyond it', async () => {
    const maker = await TokenMaker.over(world.source);
    const elsewhere = await maker.make(keyOf({ databases: ['customer-*'] }));
    expect(await told(elsewhere, 'GET', '/v1/db/main/keys/k')).toMatchObject({ code: 'invalid-token' });
    const prefixed = keyOf({ keyPrefix: Buffer.from('users/') });
    for (const keyPrefix of [undefined, Buffer.from('user'), Buffer.from('other/')]) {
      const token = await maker.make(prefixed, { keyPrefix });
      expect(await told(token, 'GET', '/v1/db/main/keys/other%2F1')).toMatchObject({ code: 'invalid-token' });
    }
    const narrower = await maker.make(prefixed, { keyPrefix: Buffer.from('users/1/') });
    expect(await told(narrower, 'PUT', '/v1/db/main/keys/users%2F1%2Fa')).toBe(200);
    expect(await told(narrower, 'PUT', '/v1/db/main/keys/users%2F2')).toMatchObject({ code: 'outside-key-prefix' });
  });

  it('is called a key where a scope is missing', async () => {
    const key = world.source.addKey('tenant-a', ['data:read'], { databases: ['main'], keyPrefix: undefined });
    expect(await told(key, 'PUT', '/v1/db/main/keys/k')).toMatchObject({ detail: expect.stringContaining('API key') });
  });
});
