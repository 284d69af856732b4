import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { MAX_GRANTS } from './database-grants.js';
import type { Metadata } from './metadata.js';
import { MAX_OPEN_OPERATIONS } from './operations.js';
import { MAX_WEBHOOKS } from './webhooks.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const TOO_MANY = 5;

describe('what an organization may have so many of, made many at once,', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let organizationId: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    organizationId = await test.newOrganization();
  });
  afterAll(() => test.close());

  it('are webhooks', async () => {
    const settings = { url: 'https://hooks.example.com/', description: '', events: [], enabled: true };
    const create = (n: number) => metadata.webhooks.create(organizationId, `w-${n}`, settings);
    const made = await Promise.allSettled(Array.from({ length: MAX_WEBHOOKS + TOO_MANY }, (_, n) => create(n)));
    expect(refusals(made)).toEqual(Array(TOO_MANY).fill('quota-exceeded'));
    expect(await metadata.webhooks.list(organizationId)).toHaveLength(MAX_WEBHOOKS);
  });

  it('are grants of a database', async () => {
    const others = Array.from({ length: MAX_GRANTS + TOO_MANY }, (_, n) => ({
      id: `o-${n}`,
      name: 'O',
      slug: `o-${n}`,
    }));
    await metadata.prisma.organization.createMany({ data: others });
    const database = await metadata.databases.create(organizationId, 'shared');
    const grant = (other: string) => metadata.databaseGrants.put(organizationId, database.id, other, 'read');
    const made = await Promise.allSettled(others.map(({ id }) => grant(id)));
    expect(refusals(made)).toEqual(Array(TOO_MANY).fill('quota-exceeded'));
    expect(await metadata.databaseGrants.list(organizationId, database.id)).toHaveLength(MAX_GRANTS);
  });

  it('are operations that have not ended', async () => {
    const begin = () => metadata.operations.deleteDatabases(organizationId, { search: 'none' });
    const made = await Promise.allSettled(Array.from({ length: MAX_OPEN_OPERATIONS + TOO_MANY }, begin));
    expect(refusals(made)).toEqual(Array(TOO_MANY).fill('quota-exceeded'));
    expect(await metadata.operations.list(organizationId, undefined, 100)).toHaveLength(MAX_OPEN_OPERATIONS);
  });
});

/** Codes of those that were refused. */
function refusals(settled: readonly PromiseSettledResult<unknown>[]): readonly unknown[] {
  return settled.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { readonly code?: unknown }).code] : [],
  );
}
