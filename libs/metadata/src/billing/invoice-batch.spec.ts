import { describe, expect, it } from '@jest/globals';

import type { DueMonth } from './due-months.js';
import { invoiceBatches } from './invoice-batch.js';

const [MAY, JUNE] = [new Date(Date.UTC(2026, 4)), new Date(Date.UTC(2026, 5))] as const;
const BOUNDS = { maxInvoices: 3, maxDatabases: 10 };

const month = (organizationId: string, databases = 1, periodFrom = MAY): DueMonth => ({
  ...{ organizationId, databases, periodFrom },
});
const told = (months: readonly DueMonth[]) =>
  invoiceBatches(months, BOUNDS).map((ofPeriod) =>
    ofPeriod.map((batch) => batch.map(({ organizationId }) => organizationId).join('')),
  );

describe('batches of invoices', () => {
  it('are of one period each, the earlier one first', () => {
    const months = [month('a', 1, JUNE), month('b'), month('b', 1, JUNE), month('c')];
    expect(told(months)).toEqual([['bc'], ['ab']]);
    expect(invoiceBatches(months, BOUNDS)[0]?.[0]?.[0]?.periodFrom).toBe(MAY);
  });

  it('have no more invoices than they may', () => {
    expect(told([...'abcdefg'].map((id) => month(id)))).toEqual([['abc', 'def', 'g']]);
  });

  it('have no more databases than they may, but for an organization that is alone', () => {
    const months = [month('a', 5), month('b', 5), month('c', 1), month('d', 11), month('e', 0), month('f', 10)];
    expect(told(months)).toEqual([['ab', 'c', 'd', 'ef']]);
  });

  it('are none where nothing is due', () => {
    expect(told([])).toEqual([]);
  });
});
