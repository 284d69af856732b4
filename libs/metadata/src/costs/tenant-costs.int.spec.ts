import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { CostOrder, TenantCostPlace } from './tenant-costs.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const PERIOD = new Date(Date.UTC(2026, 10));
/** Their digits are in another order than they are. */
const REVENUES = [5n, 90n, 1_000n, 20n, 300n, 0n] as const;
const PAGE = 2;

describe('what tenants cost', () => {
  let test: TestMetadata;

  beforeAll(async () => {
    test = await openTestMetadata();
    for (const drafted of REVENUES) {
      const month = {
        organizationId: await test.newOrganization(),
        periodFrom: PERIOD,
        drafted,
        commits: 10n * drafted,
      };
      await test.metadata.prisma.tenantMonth.create({ data: { ...month, lookedAt: PERIOD, computedAt: PERIOD } });
    }
  });
  afterAll(() => test.close());

  async function revenuesBy(order: CostOrder): Promise<readonly bigint[]> {
    const prices = {
      ...{ putsMillion: 3_000n, getsMillion: 0n, storedTerabyteMonth: 0n, egressTerabyte: 0n },
      ...{ putsPerMillionCommits: 1_000_000n, getsPerMillionReads: 0n, sharedMonth: 0n },
    };
    const found: bigint[] = [];
    let after: TenantCostPlace | undefined;
    do {
      const page = await test.metadata.tenantCosts.page(PERIOD, prices, order, after, PAGE);
      found.push(...page.map(({ revenue }) => revenue));
      after = page.at(-1);
    } while (after !== undefined);
    return found;
  }

  it('is told by the size of amounts, page by page, and nobody is left out', async () => {
    const descending = [1_000n, 300n, 90n, 20n, 5n, 0n];
    expect(await revenuesBy('revenue')).toEqual(descending);
    expect(await revenuesBy('cost')).toEqual(descending);
    expect(await revenuesBy('margin')).toEqual([...descending].reverse());
  });
});
