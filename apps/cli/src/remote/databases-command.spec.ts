import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { databases, type DatabaseCommandOptions } from './databases-command.js';
import type { Output } from './output.js';

const NOTHING: DatabaseCommandOptions = { create: false, delete: false, deleted: false };
const RECORD = { id: 'id-1', name: 'acme', createdAt: '2026-01-01T00:00:00Z', purgeAt: null };

describe('the command for databases', () => {
  let server: Server;
  let env: NodeJS.ProcessEnv;
  let asked: string[];
  let lines: string[];

  beforeEach(async () => {
    asked = [];
    lines = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        asked.push([request.method, request.url, body].filter(Boolean).join(' '));
        const isList = request.url?.startsWith('/v1/databases?') === true;
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(isList ? { databases: [RECORD], cursor: null } : RECORD));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    env = { LEASEHOLD_API_KEY: 'lh_key', LEASEHOLD_URL: url, LEASEHOLD_CONTROL_URL: url };
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const run = (name: string | undefined, options: Partial<DatabaseCommandOptions> = {}) => {
    const output = { json: false, line: async (line: string) => void lines.push(line), say: () => undefined };
    return databases(name, { ...NOTHING, ...options }, env, output as unknown as Output);
  };

  it.each([
    [undefined, {}, 'GET /v1/databases?limit=500'],
    [
      undefined,
      { search: 'cus', label: 'tier:a:b', deleted: true },
      'GET /v1/databases?limit=500&search=cus&label=tier%3Aa%3Ab&deleted=true',
    ],
    ['acme', {}, 'GET /v1/databases/acme'],
    ['acme', { create: true }, 'POST /v1/databases {"name":"acme"}'],
    ['acme', { create: true, set: '{"labels":{"a":"b"}}' }, 'POST /v1/databases {"labels":{"a":"b"},"name":"acme"}'],
    ['acme', { set: '{"sizeLimitBytes":null}' }, 'PATCH /v1/databases/acme {"sizeLimitBytes":null}'],
    ['acme', { delete: true }, 'DELETE /v1/databases/acme'],
    [undefined, { undelete: 'id-1' }, 'POST /v1/databases/id-1/undelete {}'],
    ['other', { undelete: 'id-1' }, 'POST /v1/databases/id-1/undelete {"name":"other"}'],
  ] as const)('asks, of %s with %j: %s', async (name, options, wanted) => {
    await run(name, options);
    expect([asked, lines]).toEqual([[wanted], ['acme\tid-1\t2026-01-01T00:00:00Z']]);
  });

  it.each([
    [undefined, { create: true }],
    [undefined, { delete: true }],
    [undefined, { set: '{}' }],
    ['acme', { create: true, delete: true }],
    ['acme', { delete: true, undelete: 'id-1' }],
    ['acme', { delete: true, set: '{}' }],
    ['acme', { set: '[]' }],
    ['acme', { set: 'tier=gold' }],
    ['acme', { search: 'a' }],
    [undefined, { label: 'gold' }],
  ] as const)('refuses, of %s, %j', async (name, options) => {
    await expect(run(name, options)).rejects.toMatchObject({ name: 'CliError' });
    expect(asked).toEqual([]);
  });
});
