import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { Metadata } from './metadata.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const LABEL = { key: 'env', value: 'test' };
const LOOKS = 200;

describe('an operation that deletes databases by label', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let organizationId: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    organizationId = await test.newOrganization();
  });
  afterAll(() => test.close());

  async function untilItWaits(): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const [row] = await metadata.prisma.$queryRaw<{ waits: boolean }[]>`
        SELECT count(*) > 0 AS waits FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE databases%'`;
      if (row?.waits) return;
      await systemClock.sleep(20);
    }
    throw new Error('the step does not wait for the change');
  }

  it('leaves one that has lost its label since it was looked at', async () => {
    const options = { labels: { [LABEL.key]: LABEL.value } };
    const kept = await metadata.databases.create(organizationId, 'kept', options);
    await metadata.databases.create(organizationId, 'gone', options);
    const { id } = await metadata.operations.deleteDatabases(organizationId, { label: LABEL });
    const claimed = await metadata.operations.claim();
    expect(claimed?.id).toBe(id);
    const step = await metadata.prisma.$transaction(async (transaction) => {
      await transaction.$executeRaw`UPDATE databases SET labels = '{}' WHERE id = ${kept.id}::uuid`;
      // It sees the label, as the change is not durable yet.
      const taken = metadata.operations.step(claimed!);
      await untilItWaits();
      return { taken };
    });
    await step.taken;
    const left = await metadata.databases.list(organizationId, undefined, 10);
    expect(left.map(({ name }) => name)).toEqual(['kept']);
    expect(await metadata.operations.find(organizationId, id)).toMatchObject({ done: 1, skipped: 1 });
  });

  it('is forgotten thirty days after it has ended, and not before', async () => {
    const { operations, prisma } = metadata;
    const begin = async () => (await operations.deleteDatabases(organizationId, { search: 'none' })).id;
    const ids = [await begin(), await begin(), await begin()];
    const endedDaysAgo = (id: string | undefined, days: number) => {
      const endedAt = new Date(systemClock.now() - days * 86_400_000);
      return prisma.operation.updateMany({ where: { id: id ?? '' }, data: { state: 'succeeded', endedAt } });
    };
    await endedDaysAgo(ids[0], 31);
    await endedDaysAgo(ids[1], 29);
    expect(await operations.prune()).toBe(1);
    const left = await Promise.all(ids.map((id) => operations.find(organizationId, id)));
    expect(left.map((operation) => operation?.state)).toEqual([undefined, 'succeeded', 'pending']);
  });
});
