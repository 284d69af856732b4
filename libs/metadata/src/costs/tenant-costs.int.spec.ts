import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { CostOrder, TenantCostPlace, TenantCostRecord } from './tenant-costs.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const PERIOD = new Date(Date.UTC(2026, 10));
/** Of what each brings in and what it commits, which costs as much. Digits are in another order than amounts, and no two orders are the same. */
const TENANTS = [
  { name: 'a', drafted: 5n, commits: 2_000n },
  { name: 'b', drafted: 90n, commits: 100n },
  { name: 'c', drafted: 1_000n, commits: 30n },
  { name: 'd', drafted: 20n, commits: 0n },
  { name: 'e', drafted: 300n, commits: 900n },
  { name: 'f', drafted: 0n, commits: 4n },
] as const;
type Name = (typeof TENANTS)[number]['name'];
const ORDERS: Readonly<Record<CostOrder, string>> = { margin: 'aebfdc', cost: 'aebcfd', revenue: 'cebdaf' };
const PAGE = 2;
const PRICES = {
  ...{ putsMillion: 1_000_000n, getsMillion: 0n, storedTerabyteMonth: 0n, egressTerabyte: 0n },
  ...{ putsPerMillionCommits: 1_000_000n, getsPerMillionReads: 0n, sharedMonth: 0n },
};

describe('what tenants cost', () => {
  let test: TestMetadata;
  const ids = new Map<Name, string>();

  beforeAll(async () => {
    test = await openTestMetadata();
    for (const { name } of TENANTS) ids.set(name, await test.newOrganization());
  });
  afterAll(() => test.close());
  beforeEach(async () => {
    await test.metadata.prisma.tenantMonth.deleteMany();
    for (const { name, ...sums } of TENANTS) {
      const month = { organizationId: ids.get(name) ?? '', periodFrom: PERIOD, lookedAt: PERIOD, computedAt: PERIOD };
      await test.metadata.prisma.tenantMonth.create({ data: { ...month, ...sums } });
    }
  });

  const nameOf = ({ organizationId }: TenantCostRecord) =>
    TENANTS.find(({ name }) => ids.get(name) === organizationId)?.name;
  /** Adds a month up anew, as the watch of costs does. */
  const settle = (name: Name, sums: { readonly drafted?: bigint; readonly commits?: bigint }) => {
    const where = { periodFrom_organizationId: { periodFrom: PERIOD, organizationId: ids.get(name) ?? '' } };
    return test.metadata.prisma.tenantMonth.update({ where, data: { ...sums, computedAt: new Date() } });
  };

  /** @param between after each page but the last */
  async function pagesBy(
    order: CostOrder,
    prices = PRICES,
    between: (pages: number) => Promise<unknown> = async () => undefined,
  ): Promise<readonly TenantCostRecord[]> {
    const found: TenantCostRecord[] = [];
    let after: TenantCostPlace | undefined;
    for (let pages = 1; ; pages++) {
      const page = await test.metadata.tenantCosts.page(PERIOD, prices, order, after, PAGE);
      found.push(...page);
      after = page.at(-1)?.place;
      if (after === undefined) return found;
      await between(pages);
    }
  }
  const namesOf = (found: readonly TenantCostRecord[]) => found.map(nameOf).join('');

  it.each(Object.entries(ORDERS) as [CostOrder, string][])(
    'is told by %s, by the size of amounts, page by page, and nobody is left out',
    async (order, names) => expect(namesOf(await pagesBy(order))).toBe(names),
  );

  it('passes nobody over who moves to the front meanwhile: they come in the end', async () => {
    // The last comes to stand in front of what was told, and the first behind what was not.
    const found = await pagesBy('revenue', PRICES, async (pages) => {
      if (pages === 1) await Promise.all([settle('f', { drafted: 9_999n }), settle('d', { drafted: 8_888n })]);
    });
    expect([namesOf(found).slice(0, 4), [...namesOf(found).slice(4)].sort().join('')]).toEqual(['ceba', 'df']);
    expect(
      found
        .slice(4)
        .map(({ revenue }) => revenue)
        .sort(),
    ).toEqual([8_888n, 9_999n]);
  });

  it('tells who was told already once more where they were added up since, and others once', async () => {
    const found = await pagesBy('revenue', PRICES, async (pages) => {
      if (pages === 2) await settle('c', { drafted: 1n });
    });
    expect(namesOf(found)).toBe('cebdafc');
    expect([found[0]?.revenue, found[6]?.revenue]).toEqual([1_000n, 1n]);
  });

  it('divides what is shared on all pages by what everybody had asked for at the first', async () => {
    const prices = { ...PRICES, sharedMonth: TENANTS.reduce((sum, { commits }) => sum + commits, 0n) };
    const found = await pagesBy('cost', prices, async (pages) => {
      if (pages === 1) await settle('d', { commits: 1_000_000_000n });
    });
    expect(namesOf(found)).toBe('aebcfd');
    const shared = found.slice(0, 5).map(({ cost }) => cost.shared / 1_000_000n);
    expect(shared).toEqual([2_000n, 900n, 100n, 30n, 4n]);
  });
});
