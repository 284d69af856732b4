import { describe, expect, it } from '@jest/globals';

import { faultsOf } from '../testing/history.js';
import { MONEY, totalsOf } from '../testing/ledger-client.js';
import type { TurmoilCounts } from '../testing/turmoil.js';
import { Turmoil } from '../testing/turmoil.js';

const SEEDS = Array.from({ length: 100 }, (_, i) => i + 1);

describe('workers, clients and a compactor in turmoil', () => {
  const met = new Map<string, number>();

  it.each(SEEDS)('keep every promise under seed %i', async (seed) => {
    const turmoil = new Turmoil(seed);
    try {
      await turmoil.run();
      expect(faultsOf(turmoil.history)).toEqual([]);
      expect(turmoil.ledgerFaults).toEqual([]);
      expect(totalsOf(turmoil.ledger).filter((total) => total !== MONEY)).toEqual([]);
    } finally {
      turmoil.workers.stop();
    }
    for (const [what, count] of Object.entries(turmoil.counts)) met.set(what, (met.get(what) ?? 0) + count);
    for (const { outcome } of turmoil.ledger.transactions) met.set(outcome, (met.get(outcome) ?? 0) + 1);
  });

  it('meet every kind of trouble on the way', () => {
    const expected: readonly (keyof TurmoilCounts | 'refused')[] = [
      'refused',
      'acknowledged',
      'unknown',
      'claims',
      'releases',
      'kills',
      'drains',
      'stalls',
      'cuts',
      'unclearReleases',
      'compactions',
      'collectedFiles',
      'faults',
    ];
    expect(expected.filter((what) => (met.get(what) ?? 0) === 0)).toEqual([]);
  });

  it('take the same course under the same seed', async () => {
    const courses = [];
    for (let i = 0; i < 2; i++) {
      const turmoil = new Turmoil(7);
      await turmoil.run();
      turmoil.workers.stop();
      courses.push({ counts: turmoil.counts, writes: turmoil.history.writes, readings: turmoil.history.readings });
    }
    expect(courses[0]).toEqual(courses[1]);
  });
});
