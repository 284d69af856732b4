import { generateKeyPairSync } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseClaimTemplate, parsePrefixTemplate, type Revocations } from '@leasehold/directory';
import { utf8, type TenantId } from '@leasehold/foundation';
import { SignJWT } from 'jose';

import type { FakeWorker } from '../testing/fake-worker.js';
import { answerStored } from '../testing/fake-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';

const PROVIDER_ID = '01arz3ndektsv4rrffq69g5fav';
const pair = generateKeyPairSync('ed25519');

describe('a token of an identity provider at the gateway', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  let isAway = false;
  let isRemoved = false;

  beforeAll(async () => {
    const keys = [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'one' }];
    const fetchKeySet = async () => {
      if (isAway) throw new Error('no answer');
      return utf8(JSON.stringify({ keys }));
    };
    const revocations: Revocations = {
      ...{ number: 0, suspends: () => false, isRevoked: () => false },
      isProviderRemoved: (id) => isRemoved && id === PROVIDER_ID,
    };
    world = new GatewayWorld({ fetchKeySet, revocations });
    world.source.addProvider({
      ...{ id: PROVIDER_ID, tenantId: 'tenant-a' as TenantId, issuer: 'https://idp.example/', audience: 'app' },
      jwksUrl: 'https://idp.example/keys',
      mapping: {
        database: parseClaimTemplate('{org}')!,
        prefix: parsePrefixTemplate('users/{sub}/'),
        scopes: new Set(['data:read', 'data:write']),
      },
    });
    world.source.addDatabase('tenant-a', 'other', '1b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12');
    world.source.addDatabase('tenant-b', 'theirs', '2b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d13');
    await world.start();
    worker = await world.addWorker();
    worker.behaviour = answerStored(new Map());
  });
  afterAll(() => world.stop());

  const bearer = async (claims: object = {}) => {
    const seconds = Math.floor(Date.now() / 1_000);
    const payload = { iss: 'https://idp.example/', aud: 'app', sub: '1', org: 'main', iat: seconds, exp: seconds + 60 };
    const jwt = new SignJWT({ ...payload, ...claims }).setProtectedHeader({ alg: 'EdDSA', kid: 'one' });
    return `lhi_${PROVIDER_ID}.${await jwt.sign(pair.privateKey)}`;
  };
  const ask = async (key: string, method: string, path: string, body?: string) => {
    const answer = await world.call(method, `/v1/db/${path}`, { key, ...(body === undefined ? {} : { body }) });
    return answer.status < 400 ? answer.status : answer.json()['code'];
  };

  it('reads and writes inside its database and prefix, and nowhere else', async () => {
    const key = await bearer();
    expect(await ask(key, 'PUT', 'main/keys/users%2F1%2Fa', 'value')).toBe(200);
    expect(await ask(key, 'GET', 'main/keys/users%2F1%2Fa')).toBe(200);
    worker.received.splice(0);
    for (const path of ['main/keys/a', 'main/keys/users%2F10%2Fa', 'main/keys/users%2F1']) {
      expect([path, await ask(key, 'GET', path)]).toEqual([path, 'outside-key-prefix']);
    }
    for (const path of ['other/keys/a', 'theirs/keys/a', 'tenant-b~main/keys/a', 'missing/keys/a']) {
      expect([path, await ask(key, 'GET', path)]).toEqual([path, 'database-not-found']);
    }
    expect(worker.received).toEqual([]);
  });

  it('is refused by its provider without a mapping that holds, and without a signature', async () => {
    expect(await ask(await bearer({ org: undefined }), 'GET', 'main/keys/a')).toBe('forbidden');
    expect(await ask(`${await bearer()}x`, 'GET', 'main/keys/a')).toBe('invalid-token');
    const [, jwt = ''] = /^lhi_\w+\.(.*)$/.exec(await bearer()) ?? [];
    expect(await ask(jwt, 'GET', 'main/keys/a')).toBe('invalid-token');
  });

  it('is refused when the bucket tells that its provider was removed', async () => {
    const key = await bearer();
    expect(await ask(key, 'GET', 'main/keys/users%2F1%2Fa')).toBe(200);
    isRemoved = true;
    expect(await ask(key, 'GET', 'main/keys/users%2F1%2Fa')).toBe('invalid-token');
    isRemoved = false;
    expect(await ask(key, 'GET', 'main/keys/users%2F1%2Fa')).toBe(200);
  });

  it('is taken while its provider and Postgres are away', async () => {
    const key = await bearer();
    expect(await ask(key, 'GET', 'main/keys/users%2F1%2Fa')).toBe(200);
    isAway = true;
    world.source.down = true;
    expect(await ask(await bearer({ jti: 'another' }), 'GET', 'main/keys/users%2F1%2Fa')).toBe(200);
  });

  it('never reaches the worker, nor its log', () => {
    expect(worker.received.length).toBeGreaterThan(0);
    expect(JSON.stringify(worker.received.map(({ headers }) => headers))).not.toContain('lhi_');
  });
});
