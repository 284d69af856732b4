import { describe, expect, it } from '@jest/globals';

import { report } from './benchmark.js';
import { billing } from './billing.js';

describe('the billing of a month', () => {
  it('issues an invoice to each tenant, over every unit that is recorded', async () => {
    const { rows } = await report(billing, { size: 'quick' });
    const value = (id: string): number => rows.find((row) => row.id === id)?.value ?? Number.NaN;
    expect(rows.map(({ id }) => id)).toEqual([
      ...['roll-up-seconds', 'roll-up-growth', 'roll-up-held'],
      ...['invoicing-seconds', 'invoicing-growth', 'invoicing-held'],
      'unbilled-units',
    ]);
    expect(value('unbilled-units')).toBe(0);
    expect(value('roll-up-seconds')).toBeGreaterThan(0);
    expect(value('invoicing-seconds')).toBeGreaterThan(0);
  }, 180_000);
});
