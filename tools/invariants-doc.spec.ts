import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { VARIANTS } from '@leasehold/simulation';

import { formatInvariantsPage, invariantRows, NOT_BUILT, readPages } from './invariants-doc.mjs';

const PAGE = resolve(import.meta.dirname, '../docs/protocols/README.md');

/** The safety invariants of the protocol, by their numbers. */
const NUMBERED = [
  ...['P1', 'P2'],
  ...['S1', 'S2', 'S3', 'S4', 'S5', 'S6'],
  ...['H1', 'H2', 'H3', 'H4', 'H5', 'H6'],
  ...['R1', 'R2', 'G1', 'G2', 'C1'],
];

describe('docs/protocols/README.md', () => {
  it('is what the pages and the broken variants say', async () => {
    // Stale? `node tools/build.mjs && node tools/invariants-doc.mjs`
    expect(readFileSync(PAGE, 'utf8')).toBe(formatInvariantsPage(await readPages(), VARIANTS));
  });

  it('knows code, test and a broken variant for every numbered invariant that is built', async () => {
    const rows = invariantRows(await readPages());
    const without = NUMBERED.filter(
      (id) => !rows.some(({ invariant }) => invariant === id) || !VARIANTS.some(({ invariant }) => invariant === id),
    );
    expect(without).toEqual(Object.keys(NOT_BUILT));
  });
});
