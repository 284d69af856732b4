import { describe, expect, it } from '@jest/globals';

import { monthsUntil } from './months.js';

describe('the months that can be chosen', () => {
  it('go back two years, over the turn of the year', () => {
    const months = monthsUntil(new Date('2027-01-31T23:59:59Z'));
    expect(months.slice(0, 3)).toEqual(['2027-01', '2026-12', '2026-11']);
    expect(months).toHaveLength(24);
    expect(months.at(-1)).toBe('2025-02');
  });
});
