import { describe, expect, it } from '@jest/globals';

import { cursorAt } from '../requests/page.js';
import { parseCostsQuery, placeText } from './costs-query.js';

const NOW = Date.UTC(2026, 10, 28, 12);

describe('which costs are asked for', () => {
  it('is the month that runs, by margin, where nothing is said', () => {
    expect(parseCostsQuery('', NOW)).toEqual({
      ...{ periodFrom: new Date('2026-11-01T00:00:00Z'), order: 'margin', limit: 100 },
      ...{ format: undefined, after: undefined },
    });
  });

  it('is another month, order and format where they are named', () => {
    const place = {
      ...{ listedAt: new Date(NOW), asked: 7n, isMoved: false, rank: -12n },
      organizationId: '01jd000000000000000000000k',
    };
    const query = `month=2026-02&sort=cost&format=csv&limit=7&cursor=${cursorAt(placeText(place))}`;
    expect(parseCostsQuery(query, NOW)).toEqual({
      ...{ periodFrom: new Date('2026-02-01T00:00:00Z'), order: 'cost', limit: 7, format: 'csv', after: place },
    });
  });

  it.each([
    ...['month=2026-13', 'month=2026-1', 'month=0000-01', 'month=', 'sort=name', 'format=xml'],
    ...[
      ...['1 2 0 1.5 a', '1 2 0 1', '1 2 2 1 a', '-1 2 0 1 a', '1 -2 0 1 a', `${'9'.repeat(16)} 2 0 1 a`, '1 a'].map(
        (place) => `cursor=${cursorAt(place)}`,
      ),
      `cursor=${cursorAt(`1 2 0 ${'9'.repeat(61)} a`)}`,
      'search=a',
    ],
  ])('is refused as %s', (query) => {
    expect(() => parseCostsQuery(query, NOW)).toThrow();
  });
});
