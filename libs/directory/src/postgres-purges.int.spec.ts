import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { PostgresPurges } from './postgres-purges.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('deleted databases whose window has passed', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let purges: PostgresPurges;
  let tenant: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    purges = new PostgresPurges(test.databaseUrl);
    tenant = await test.newOrganization();
  });
  afterAll(async () => {
    await purges.close();
    await test.close();
  });

  async function deleted(name: string): Promise<DatabaseId> {
    const { id } = await metadata.databases.create(tenant, name, { labels: { k: 'v' } });
    await metadata.databases.delete(tenant, id);
    return id as DatabaseId;
  }
  const shift = (id: string, purgeAt: Date) => metadata.prisma.database.update({ where: { id }, data: { purgeAt } });
  const past = () => new Date(Date.now() - 1_000);

  it('are those alone, the longest due first', async () => {
    const [open, late, later] = [await deleted('open'), await deleted('late'), await deleted('later')];
    const { id: alive } = await metadata.databases.create(tenant, 'alive');
    await shift(late, past());
    await shift(later, new Date(Date.now() - 60_000));
    expect(await purges.due(10)).toEqual([later, late]);
    expect(await purges.due(1)).toEqual([later]);
    for (const id of [open, alive as DatabaseId, '00000000-0000-4000-8000-000000000000' as DatabaseId]) {
      expect(await purges.begin(id)).toBe(false);
      await purges.done(id);
      await purges.postpone(id, 0);
    }
    expect(await metadata.databases.undelete(tenant, open)).toMatchObject({ id: open });
    expect(await metadata.databases.find(tenant, alive)).toBeDefined();
    expect([await purges.begin(late), await purges.begin(later), await purges.begin(late)]).toEqual([true, true, true]);
    await purges.postpone(later, 60_000);
    expect(await purges.due(10)).toEqual([late]);
    // Whoever tries again in the meantime goes on where it was.
    expect(await purges.begin(later)).toBe(true);
    expect(await metadata.databases.undelete(tenant, later)).toBeUndefined();
    await purges.done(late);
    await purges.done(late);
    expect([await purges.due(10), await purges.begin(late)]).toEqual([[], false]);
    expect(await metadata.prisma.databaseLabel.count({ where: { databaseId: late } })).toBe(0);
  });

  it('and undeletes exclude each other', async () => {
    for (let round = 0; round < 20; round++) {
      const id = await deleted(`race-${round}`);
      await shift(id, new Date(Date.now() + 10));
      const [back, ...begun] = await Promise.all([
        metadata.databases.undelete(tenant, id).catch(() => undefined),
        ...Array.from({ length: 20 }, () => purges.begin(id)),
      ]);
      expect([back !== undefined, begun.includes(true)]).not.toEqual([true, true]);
      expect((await metadata.databases.find(tenant, id)) !== undefined).toBe(back !== undefined);
    }
  });
});
