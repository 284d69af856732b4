import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { hastyPlatform } from '../../testing/test-client.js';
import { controlOn, type Control } from './control.js';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: unknown;
}

describe('the control plane', () => {
  let server: Server;
  let control: Control;
  let answers: ({ readonly status: number; readonly body?: unknown } | 'drop')[];
  const seen: Seen[] = [];

  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        seen.push({ method: request.method, url: request.url, body: body && JSON.parse(body) });
        const answer = answers.shift() ?? { status: 500 };
        if (answer === 'drop') return void request.socket.destroy();
        response.writeHead(answer.status).end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    control = controlOn(hastyPlatform(), { url: `http://127.0.0.1:${port}/`, key: 'lh_admin' });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('lists all pages', async () => {
    answers = [
      { status: 200, body: { databases: [{ name: 'a' }, { name: 'b' }], cursor: 'Yg' } },
      { status: 200, body: { databases: [{ name: 'c' }], cursor: null } },
    ];
    const names: string[] = [];
    for await (const { name } of control.databases.list()) names.push(name);
    expect(names).toEqual(['a', 'b', 'c']);
    expect(seen.map(({ url }) => url)).toEqual(['/v1/databases?limit=500', '/v1/databases?limit=500&cursor=Yg']);
  });

  it('does not create twice what it may have created, and repeats what leaves nothing behind', async () => {
    answers = ['drop'];
    await expect(control.databases.create({ name: 'acme' })).rejects.toMatchObject({ name: 'UnknownOutcomeError' });
    answers = [
      { status: 503, body: { code: 'unavailable' } },
      { status: 201, body: { id: '1', name: 'acme' } },
    ];
    expect(await control.databases.create({ name: 'acme' })).toMatchObject({ name: 'acme' });
    answers = ['drop', { status: 204 }];
    await control.apiKeys.revoke('k1');
    answers = ['drop', { status: 201, body: { token: 'a.b.c' } }];
    const scopes = ['data:read'] as const;
    await control.tokens.create({ database: 'acme', scopes, ttlSeconds: 60, prefix: ['users', true] });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/databases',
      'POST /v1/databases',
      'POST /v1/databases',
      'DELETE /v1/keys/k1',
      'DELETE /v1/keys/k1',
      'POST /v1/tokens',
      'POST /v1/tokens',
    ]);
    expect(seen.at(-1)?.body).toEqual({ database: 'acme', scopes, ttlSeconds: 60, prefix64: 'AnVzZXJzACc' });
  });

  it('makes confined keys, and rotates them', async () => {
    answers = [201, 201, 204, 201].map((status) => ({ status, body: { id: 'k1', key: 'lh_' } }));
    const scopes = ['data:read'] as const;
    await control.apiKeys.create({ name: 'k', scopes, databases: ['customer-*'], prefix: 'users/' });
    await control.apiKeys.rotate('k1', { overlapSeconds: 60 });
    await control.apiKeys.endPrevious('k1');
    await control.apiKeys.create({ name: 'k', scopes, prefix: '' }).catch(() => undefined);
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v1/keys', { name: 'k', scopes, databases: ['customer-*'], prefix64: 'dXNlcnMv' }],
      ['POST', '/v1/keys/k1/rotate', { overlapSeconds: 60 }],
      ['DELETE', '/v1/keys/k1/previous', ''],
      ['POST', '/v1/keys', { name: 'k', scopes, prefix64: '' }],
    ]);
  });

  it('says what to do next', async () => {
    answers = [
      { status: 409, body: { code: 'database-exists' } },
      { status: 404, body: { code: 'database-not-found' } },
    ];
    await expect(control.databases.create({ name: 'acme' })).rejects.toMatchObject({ name: 'ConflictError' });
    await expect(control.databases.get('acme')).rejects.toMatchObject({ name: 'NotFoundError' });
  });
});
