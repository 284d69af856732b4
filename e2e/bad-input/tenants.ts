import { randomBytes } from 'node:crypto';

import { call, Database, expectStatus, postJson, signUp } from '../src/api.js';
import type { Ready } from '../src/leasehold.js';
import type { Party } from './draft.js';
import { CURSOR_PREFIX } from './draft.js';

const KEYS = 20;

/** A tenant with three databases: one of a common name, one of a name of its own, and one that was never written to. */
export interface FilledTenant {
  readonly party: Party;
  readonly databases: readonly Database[];
}

export async function filledTenant(ready: Ready): Promise<FilledTenant> {
  const { token, key, database: main, databaseId } = await signUp(ready);
  const tag = `tag${randomBytes(6).toString('hex')}`;
  const ownName = `vault-${tag}`;
  const ids = [databaseId];
  for (const name of [ownName, 'empty']) {
    const made = await postJson(`${ready.controlPlane}/v1/databases`, { name }, token);
    expectStatus(made, 201);
    ids.push(made.json<{ id: string }>().id);
  }
  const [own, empty] = [ownName, 'empty'].map((name) => new Database(`${ready.gateway}/v1/db/${name}`, key));
  for (const database of [main, own as Database]) {
    for (let n = 0; n < KEYS; n++)
      expectStatus(await database.put(`${CURSOR_PREFIX}${tag}-${n}`, `value of ${tag} ${n}`), 200);
  }
  const page = await main.list({ prefix: CURSOR_PREFIX, limit: '3' });
  const databases = ['main', ownName, 'empty'];
  return {
    party: {
      ...{ tag, key, token, databases, ownName, databaseIds: ids },
      revokedKey: await revokedKey(ready, token),
      cursor: page.json<{ cursor: string }>().cursor,
    },
    databases: [main, own as Database, empty as Database],
  };
}

/** A key with these scopes, and its id. */
export async function mintedKey(ready: Ready, token: string, scopes: readonly string[]) {
  const minted = await postJson(`${ready.controlPlane}/v1/keys`, { name: scopes.join(' '), scopes }, token);
  expectStatus(minted, 201);
  return minted.json<{ readonly id: string; readonly key: string }>();
}

async function revokedKey(ready: Ready, token: string): Promise<string> {
  const { id, key } = await mintedKey(ready, token, ['data:read', 'data:write']);
  const revoked = await call(`${ready.controlPlane}/v1/keys/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  });
  if (revoked.status >= 300) throw new Error(`the key was not revoked: ${revoked.status}`);
  return key;
}
