import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { linesOf, totalOf } from '@leasehold/billing';

import { formatPricesPage, PRICES, type Prices } from './price-table.mjs';

const docs = (name: string) => readFileSync(resolve(import.meta.dirname, '../docs', name), 'utf8');
const prices = JSON.parse(readFileSync(PRICES, 'utf8')) as Prices;
const page = (data: Prices) => formatPricesPage(data, docs('benchmarks.md'), { linesOf, totalOf });

describe('docs/prices.md', () => {
  it('is what the cited prices come to', () => {
    // Stale? `node tools/build.mjs && node tools/price-table.mjs`
    expect(docs('prices.md')).toBe(page(prices));
  });

  it('names the source of each price, and its day', () => {
    for (const { name, source, asOf } of prices.others) {
      expect([name, source, asOf]).toEqual([
        name,
        expect.stringMatching(/^https:/),
        expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      ]);
      expect(page(prices)).toContain(source);
    }
  });

  it('follows the prices', () => {
    const dearer = { ...prices, s3: { ...(prices['s3'] as object), gigabyteMonth: 1 } };
    expect(page(dearer)).not.toBe(page(prices));
  });
});
