import { describe, expect, it, jest } from '@jest/globals';
import type { InvoiceDraft, TenantMonthUsage } from '@leasehold/metadata';
import { createLogger } from '@leasehold/service-kit';

import { costWatch, type CostWatchParts } from './cost-watch.js';

const USAGE: TenantMonthUsage = { commits: 1n, requests: 2n, coldStarts: 3n, egressBytes: 4n, storedByteMs: 5n };
const LONG_MS = 3_600_000;

describe('the watch of costs', () => {
  /** @param due of each ask, in their order; then none */
  function world(due: readonly (readonly string[])[]) {
    const asked = jest.fn<(period: { from: Date; to: Date }, olderThanMs: number, limit: number) => void>();
    const settled = jest.fn<(organizationId: string, drafted: bigint | undefined) => void>();
    const left = [...due];
    const parts: CostWatchParts = {
      metadata: {
        tenantMonths: {
          due: async (period: { from: Date; to: Date }, olderThanMs: number, limit: number) => {
            asked(period, olderThanMs, limit);
            return (left.shift() ?? []).map((organizationId) => ({ organizationId, periodFrom: period.from }));
          },
          usageOf: async (organizationId: string) => {
            if (organizationId === 'broken') throw new Error('Postgres has had enough');
            return USAGE;
          },
          settle: async ({ organizationId }: { organizationId: string }, _: unknown, drafted: bigint | undefined) =>
            settled(organizationId, drafted),
        },
        invoices: { isOpen: async (organizationId: string) => organizationId !== 'billed' },
      } as unknown as CostWatchParts['metadata'],
      drafts: {
        of: async (organizationId) => {
          if (organizationId === 'huge') throw new Error('it takes too long');
          return { total: 7n } as InvoiceDraft;
        },
      },
      refreshMs: LONG_MS,
      logger: createLogger('test', 'silent'),
    };
    return { watch: costWatch(parts), asked, settled };
  }

  it('adds up the month that runs, and the one before that', async () => {
    const { watch, asked, settled } = world([['a', 'b'], ['a']]);
    expect(await watch()).toBe('again');
    const [[running, refreshMs] = [], [before] = []] = asked.mock.calls;
    expect(before?.to).toEqual(running?.from);
    expect(refreshMs).toBe(LONG_MS);
    expect(settled.mock.calls).toEqual([
      ['a', 7n],
      ['b', 7n],
      ['a', 7n],
    ]);
  });

  it('goes on with others where one cannot be added up, and where a draft is not known', async () => {
    const { watch, settled } = world([['broken', 'huge', 'billed', 'a']]);
    await watch();
    expect(settled.mock.calls).toEqual([
      ['huge', undefined],
      ['billed', undefined],
      ['a', 7n],
    ]);
  });

  it('looks again at once while there is more, and rests once there is not', async () => {
    const { watch, asked } = world([Array.from({ length: 20 }, (_, i) => `o${i}`)]);
    await watch();
    await watch();
    expect(asked).toHaveBeenCalledTimes(4);
    await watch();
    expect(asked).toHaveBeenCalledTimes(4);
  });
});
