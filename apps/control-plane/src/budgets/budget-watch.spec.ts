import { describe, expect, it } from '@jest/globals';
import { UNIT_WEIGHTS } from '@leasehold/billing';
import type { BudgetRecord, RecordedSpending } from '@leasehold/metadata';
import { NOTHING_RECORDED } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import type { Letters } from '../mail/letters.js';
import { watchBudgets, type BudgetWatchParts } from './budget-watch.js';

const DECEMBER = Date.UTC(2026, 11);
const HOUR_MS = 3_600_000;

const budget = (id: string, organizationId = 'o', updatedAt = DECEMBER - HOUR_MS): BudgetRecord => ({
  ...{ id, organizationId, scope: 'organization', subjectId: '', currency: null, amount: 10n, alertPercents: [80] },
  ...{ hardStop: false, allowance: 10n, weights: UNIT_WEIGHTS },
  ...{ createdAt: new Date(DECEMBER - HOUR_MS), updatedAt: new Date(updatedAt) },
});

/** A ledger that has `used` units of each month, and fails for organizations that are called `slow`. */
function world(due: readonly BudgetRecord[], used = { readUnits: 0n, writeUnits: 3n, egressBytes: 0n }) {
  const settled: (readonly [string, number, RecordedSpending])[] = [];
  const asked: string[] = [];
  const months: string[] = [];
  const metadata = {
    budgets: {
      due: async () => due,
      settle: async (id: string, month: number, spending: RecordedSpending) => {
        settled.push([id, month, spending]);
        return 0n;
      },
      takeAlerts: async () => [],
      prune: async () => 0,
    },
    usageReport: {
      completeTo: async () => undefined,
      rows: async (organizationId: string, { from }: { readonly from: Date }) => {
        asked.push(organizationId);
        months.push(from.toISOString().slice(0, 7));
        if (organizationId === 'slow') throw new Error('it takes too long');
        return [{ ...used, storedByteMs: 0n }];
      },
    },
    planVersions: {},
  } as unknown as BudgetWatchParts['metadata'];
  const watch = async (now: number) => {
    await watchBudgets({
      ...{ metadata, mails: { configured: false, post: () => undefined }, clock: { now: () => now } },
      letters: {} as Letters,
      logger: { warn: () => undefined } as unknown as Logger,
    });
    return settled.map(([id, month]) => `${id} ${month}`);
  };
  return { watch, settled, asked, months };
}

describe('the watch over budgets', () => {
  it('looks at the last minutes of a month when it is over, for an hour, of budgets that are as they were', async () => {
    const due = [budget('a'), budget('changed', 'o', DECEMBER)];
    const { watch, months } = world(due);
    expect(await watch(DECEMBER + HOUR_MS - 1)).toEqual(['a 202612', 'a 202611', 'changed 202612']);
    expect(months).toEqual(['2026-12', '2026-11', '2026-12']);
    expect(await world(due).watch(DECEMBER + HOUR_MS)).toEqual(['a 202612', 'changed 202612']);
  });

  it('tries once to add up what an organization used that takes too long, and goes on with the others', async () => {
    const { watch, settled, asked } = world([budget('a', 'slow'), budget('b', 'slow'), budget('c')]);
    expect(await watch(DECEMBER - 1)).toEqual(['a 202611', 'b 202611', 'c 202611']);
    expect(asked).toEqual(['slow', 'o']);
    expect(settled.map(([, , spending]) => spending)).toMatchObject([
      NOTHING_RECORDED,
      NOTHING_RECORDED,
      { recorded: 3n, isExact: true },
    ]);
  });
});
