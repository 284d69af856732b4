import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';

import { Metadata } from './metadata.js';
import { applyMigrations } from './migrations.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const LABEL = { key: 'env', value: 'test' };
const LOOKS = 200;

describe('an operation that deletes databases by label', () => {
  let postgres: TestPostgres;
  let metadata: Metadata;
  let organizationId: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const databaseUrl = await postgres.createDatabase();
    await applyMigrations(databaseUrl, () => undefined);
    metadata = Metadata.open({ databaseUrl });
    const account = { email: 'a@example.com', passwordHash: 'hash', organizationName: 'A' };
    organizationId = (await metadata.organizations.createAccount(account)).organization.id;
  });
  afterAll(async () => {
    await metadata.close();
    await postgres.close();
  });

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
});
