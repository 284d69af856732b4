import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { databases, type DatabaseCommandOptions } from './databases-command.js';
import { ControlStandIn } from './testing/control-stand-in.js';

const NOTHING: DatabaseCommandOptions = { create: false, delete: false, deleted: false };
const RECORD = { id: 'id-1', name: 'acme', createdAt: '2026-01-01T00:00:00Z', purgeAt: null };

describe('the command for databases', () => {
  let control: ControlStandIn;

  beforeEach(async () => {
    control = await ControlStandIn.start((_method, url) =>
      url.startsWith('/v1/databases?') ? { databases: [RECORD], cursor: null } : RECORD,
    );
  });
  afterEach(() => control.close());

  const run = (name: string | undefined, options: Partial<DatabaseCommandOptions> = {}) =>
    databases(name, { ...NOTHING, ...options }, control.env, control.output());

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
    expect([control.asked, control.lines]).toEqual([[wanted], ['acme\tid-1\t2026-01-01T00:00:00Z']]);
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
    expect(control.asked).toEqual([]);
  });
});
