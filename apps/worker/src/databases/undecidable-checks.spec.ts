import { afterEach, beforeEach, expect, describe, it } from '@jest/globals';
import { emptyHead } from '@leasehold/engine';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { utf8 } from '@leasehold/foundation';
import { encodeTransaction, parseTransactionBody } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';

import { AskedDatabase, WorkerWorld } from '../../testing/worker-world.js';

/** The database remembers from here on. */
const HORIZON = 5;
const LAST = 9;

describe('a range check that cannot be decided', () => {
  let world: WorkerWorld;
  let worker: RunningService;
  let database: AskedDatabase;

  beforeEach(async () => {
    world = new WorkerWorld();
    worker = await world.start(await world.serveBucket());
    database = new AskedDatabase();
    const identity = { databaseId: database.id as DatabaseId, tenantId: 'tenant-a' as TenantId, name: 'orders' };
    const head = { ...emptyHead(identity), epoch: 4, lastCommit: { epoch: 4, sequence: LAST }, horizon: HORIZON };
    await world.heads.create({ ...head, inlineFrom: LAST + 1 });
  }, 20_000);
  afterEach(() => world.close(), 20_000);

  async function checked(
    since: number,
    key: string,
  ): Promise<readonly [status: number, code: unknown, written: number]> {
    const version = `00000004${since.toString(16).padStart(12, '0')}`;
    const checks = [
      { key: 'never', version: null },
      { range: { prefix: 'quiet/' }, since: version },
    ];
    const frame = encodeTransaction(
      parseTransactionBody(utf8(JSON.stringify({ checks, ops: [{ op: 'put', key, value: 'x' }] }))),
    );
    const answer = await database.ask(worker, '/transactions', { method: 'POST', body: frame });
    const { code } = (await answer.json()) as { readonly code?: unknown };
    return [answer.status, code, (await database.key(key, worker)).status];
  }

  it('fails the transaction where the history is gone, and passes from the horizon on', async () => {
    expect(await checked(0, 'a')).toEqual([410, 'history-gone', 404]);
    expect(await checked(HORIZON - 1, 'b')).toEqual([410, 'history-gone', 404]);
    expect(await checked(HORIZON, 'c')).toEqual([200, undefined, 200]);
  });

  it('fails the transaction at a version to come, also when the database is owned by then', async () => {
    expect(await checked(LAST + 1, 'a')).toEqual([400, 'invalid-version', 404]);
    expect(await checked(LAST, 'b')).toEqual([200, undefined, 200]);
    expect(await checked(LAST + 2, 'c')).toEqual([400, 'invalid-version', 404]);
  });
});
