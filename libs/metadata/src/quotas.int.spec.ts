import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FIRST_PLAN } from '@leasehold/billing';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { Metadata } from './metadata.js';
import { QuotaExceededError, quotaExceededBy } from './quotas.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const NOTHING_SAID = {
  requestsPerSecond: null,
  burstRequests: null,
  bytesPerSecond: null,
  concurrentRequests: null,
  databases: null,
  storageBytes: null,
  concurrentWakes: null,
};

describe('quotas', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let mine: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
  });
  beforeEach(async () => {
    mine = await test.newOrganization();
  });
  afterAll(() => test.close());

  const create = (name: string, organizationId = mine) => metadata.databases.create(organizationId, name);
  const counted = async () => (await metadata.quotas.of(mine))?.used.databases;
  const named = (name: string) => ({ organizationId: mine, name, deletedAt: null });
  const remove = (name: string) =>
    metadata.prisma.database.updateMany({ where: named(name), data: { deletedAt: new Date() } });

  it('say nothing at first', async () => {
    expect(await metadata.quotas.of(mine)).toEqual({
      plan: { id: FIRST_PLAN, name: 'Free' },
      limits: NOTHING_SAID,
      used: { databases: 0, storageBytes: 0 },
    });
  });

  it('are nothing of an organization that is none', async () => {
    expect(await metadata.quotas.of('nobody')).toBeUndefined();
    await expect(metadata.plans.agree('nobody', { databases: 1 })).rejects.toThrow();
    await expect(metadata.plans.assign(mine, 'no-plan')).rejects.toThrow();
    expect([await metadata.plans.has('no-plan'), await metadata.plans.has(FIRST_PLAN)]).toEqual([false, true]);
  });

  it('are what was agreed with an organization, else what its plan says', async () => {
    await metadata.plans.put('pro', 'Pro', { requestsPerSecond: 500, databases: 10, storageBytes: 2 ** 40 });
    await metadata.plans.assign(mine, 'pro');
    await metadata.plans.agree(mine, { databases: 20, bytesPerSecond: 2 ** 36 });
    const agreed = { requestsPerSecond: 500, databases: 20, storageBytes: 2 ** 40, bytesPerSecond: 2 ** 36 };
    const found = await metadata.quotas.of(mine);
    expect([found?.plan, found?.limits]).toEqual([
      { id: 'pro', name: 'Pro' },
      { ...NOTHING_SAID, ...agreed },
    ]);
    await metadata.plans.agree(mine, { databases: null });
    await metadata.plans.put('pro', 'Pro', { requestsPerSecond: null });
    expect((await metadata.quotas.of(mine))?.limits).toEqual({
      ...NOTHING_SAID,
      ...agreed,
      databases: 10,
      requestsPerSecond: null,
    });
    await metadata.plans.assign(mine, FIRST_PLAN);
    expect((await metadata.quotas.of(mine))?.limits).toEqual({ ...NOTHING_SAID, bytesPerSecond: 2 ** 36 });
  });

  it.each([{ requestsPerSecond: 0 }, { databases: -1 }, { storageBytes: -1 }, { concurrentWakes: 0 }])(
    'are never %p',
    async (limits) => {
      await expect(metadata.plans.agree(mine, limits)).rejects.toThrow('check');
      await expect(metadata.plans.put('odd', 'Odd', limits)).rejects.toThrow('check');
    },
  );

  it('let no database be made beyond them, and say which one it was', async () => {
    await metadata.plans.agree(mine, { databases: 2 });
    await create('one');
    await create('two');
    const refusal = quotaExceededBy(await create('three').catch((error: unknown) => error));
    expect(refusal).toBeInstanceOf(QuotaExceededError);
    expect(refusal).toMatchObject({ kind: 'quota', code: 'quota-exceeded', quota: 'databases', limit: 2 });
    expect((await metadata.databases.list(mine, undefined, 10)).map(({ name }) => name)).toEqual(['one', 'two']);
    expect(await counted()).toBe(2);
  });

  it('let exactly as many be made when many make some at once', async () => {
    await metadata.plans.agree(mine, { databases: 20 });
    const made = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => create(`database-${n}`)));
    const refused = made.flatMap((one) => (one.status === 'rejected' ? [quotaExceededBy(one.reason)?.quota] : []));
    expect(refused).toEqual(Array.from({ length: 30 }, () => 'databases'));
    expect([await counted(), (await metadata.databases.list(mine, undefined, 100)).length]).toEqual([20, 20]);
  });

  it('have room again at once after a deletion and after a raise, and take nothing away when lowered', async () => {
    await metadata.plans.agree(mine, { databases: 1 });
    await create('one');
    await expect(create('two')).rejects.toThrow();
    await remove('one');
    await create('two');
    await metadata.plans.agree(mine, { databases: 2 });
    await create('one');
    await metadata.plans.agree(mine, { databases: 0 });
    expect(await counted()).toBe(2);
    await expect(create('three')).rejects.toThrow();
    await remove('one');
    expect(await counted()).toBe(1);
  });

  it('are no hindrance to changes of databases past them, but to undoing a deletion', async () => {
    await create('one');
    await create('two');
    await remove('two');
    await metadata.plans.agree(mine, { databases: 1 });
    await metadata.prisma.database.updateMany({ where: named('one'), data: { name: 'renamed' } });
    const undelete = metadata.prisma.database.updateMany({
      where: { organizationId: mine, name: 'two' },
      data: { deletedAt: null },
    });
    expect(quotaExceededBy(await undelete.catch((error: unknown) => error))?.quota).toBe('databases');
    expect(await counted()).toBe(1);
    await metadata.prisma.database.deleteMany({ where: { organizationId: mine } });
    expect(await counted()).toBe(0);
  });

  it('count many databases of one statement, and leave other organizations alone', async () => {
    const theirs = await test.newOrganization();
    await metadata.plans.agree(mine, { databases: 1_000 });
    const fill = (to: number) => metadata.prisma.$executeRaw`
      INSERT INTO databases (id, organization_id, name)
      SELECT gen_random_uuid(), ${mine}, 'filled-' || n FROM generate_series(1, ${to}::int) AS n`;
    expect(quotaExceededBy(await fill(1_001).catch((error: unknown) => error))?.limit).toBe(1_000);
    expect(await counted()).toBe(0);
    await fill(1_000);
    expect(await counted()).toBe(1_000);
    await create('one', theirs);
    expect((await metadata.quotas.of(theirs))?.used.databases).toBe(1);
  });

  describe('of storage', () => {
    const told = async (sizes: readonly (readonly [id: string, at: number, bytes: number])[]) => {
      const [ids, times, bytes] = [sizes.map(([id]) => id), sizes.map(([, at]) => at), sizes.map((size) => size[2])];
      await metadata.prisma.$executeRaw`
        INSERT INTO usage_sizes AS known (database_id, at, bytes)
        SELECT id, to_timestamp(at), size FROM unnest(${ids}::uuid[], ${times}::int[], ${bytes}::bigint[]) AS t (id, at, size)
        ON CONFLICT (database_id, at) DO UPDATE SET bytes = greatest(known.bytes, EXCLUDED.bytes)`;
    };
    const stored = async () => (await metadata.quotas.of(mine))?.used.storageBytes;
    const tenantChanges = () => metadata.prisma.change.count({ where: { kind: 'tenant', subject: mine } });

    it('count the latest size of each live database, in whatever order they are told', async () => {
      const [one, two] = [(await create('one')).id, (await create('two')).id];
      await told([
        [one, 10, 100],
        [one, 20, 50],
        [two, 10, 7],
      ]);
      expect(await stored()).toBe(57);
      await told([[one, 15, 1_000]]);
      await told([[one, 20, 40]]);
      expect(await stored()).toBe(57);
      await told([[one, 20, 60]]);
      await told([[two, 30, 0]]);
      expect(await stored()).toBe(60);
      await told([['00000000-0000-4000-8000-00000000dead', 1, 9_999]]);
      expect(await stored()).toBe(60);
    });

    it('lose the bytes of a deleted database, and have them back with it', async () => {
      const [one, two] = [(await create('one')).id, (await create('two')).id];
      await told([
        [one, 10, 100],
        [two, 10, 7],
      ]);
      await remove('one');
      expect(await stored()).toBe(7);
      await told([[one, 20, 120]]);
      expect(await stored()).toBe(7);
      await metadata.prisma.database.updateMany({ where: { id: one }, data: { deletedAt: null } });
      expect(await stored()).toBe(127);
      await metadata.prisma.database.deleteMany({ where: { id: one } });
      expect(await stored()).toBe(7);
      expect(await metadata.prisma.databaseSize.count({ where: { databaseId: one } })).toBe(0);
    });

    it('tell the data plane when they are used up and when there is room again, and not of every byte', async () => {
      const one = (await create('one')).id;
      await metadata.plans.agree(mine, { storageBytes: 100 });
      const before = await tenantChanges();
      for (const [at, bytes, changes] of [
        [10, 60, 0],
        [20, 99, 0],
        [30, 100, 1],
        [40, 500, 1],
        [50, 99, 2],
        [60, 10, 2],
        [70, 200, 3],
      ] as const) {
        await told([[one, at, bytes]]);
        expect([bytes, (await tenantChanges()) - before]).toEqual([bytes, changes]);
      }
      await remove('one');
      expect((await tenantChanges()) - before).toBe(4);
    });

    it('add up when sizes are told while databases come and go', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 10; n++) ids.push((await create(`database-${n}`)).id);
      const telling = ids.map(async (id) => {
        for (let at = 1; at <= 10; at++) await told([[id, at, at * 10]]);
      });
      const coming = ids.map(async (id, n) => {
        for (let turn = 0; turn < 4 + (n % 2); turn++) {
          const deletedAt = turn % 2 === 0 ? new Date() : null;
          await metadata.prisma.database.updateMany({ where: { id }, data: { deletedAt } });
        }
      });
      await Promise.all([...telling, ...coming]);
      // Every second one ends as deleted.
      expect([await stored(), await counted()]).toEqual([500, 5]);
    });
  });

  it('mean nothing by errors that are about something else', async () => {
    await create('one');
    expect(quotaExceededBy(await create('one').catch((error: unknown) => error))).toBeUndefined();
    expect([quotaExceededBy(undefined), quotaExceededBy('LHQ01')]).toEqual([undefined, undefined]);
  });
});
