import { describe, expect, it } from '@jest/globals';

import { PROCESS_FAULTS } from '../../world/world-counts.js';
import { STORE_FAULTS } from '../../world/store-fault.js';
import { runSeed } from '../run-seed.js';
import type { SeedSummary } from '../simulation-report.js';
import { reportOf, summaryOf } from '../simulation-report.js';

/** The heaviest takes ten seconds of a core; a machine may have many things to do. */
const SEED_TIMEOUT_MS = 300_000;

/** Some of the seeds; in files of their own, so that they run at the same time. */
export function describeSeeds(from: number, count: number): void {
  describe(`the service in a virtual world, seeds ${from} to ${from + count - 1}`, () => {
    const summaries: SeedSummary[] = [];

    it.each(Array.from({ length: count }, (_, i) => from + i))(
      'keeps every promise under seed %i',
      async (seed) => {
        const report = await runSeed(seed);
        summaries.push(summaryOf(report));
        // What replays it: ./leasehold simulate --seeds 1 --from <seed>
        expect(report.violations).toEqual([]);
        expect(report.undecided).toBe(0);
      },
      SEED_TIMEOUT_MS,
    );

    it('meets takeovers, late landings, collections, and faults of nearly every kind', () => {
      const { unmet, faults, operations } = reportOf(from, summaries);
      expect(unmet).toEqual([]);
      expect(STORE_FAULTS.filter((fault) => faults[fault] === undefined)).toEqual([]);
      // Each seed leaves some out; a few of the seldom ones may be missing from so few seeds.
      const met = PROCESS_FAULTS.filter((fault) => faults[fault] !== undefined);
      expect(met.length).toBeGreaterThanOrEqual(PROCESS_FAULTS.length - 3);
      expect(operations).toBeGreaterThan(count * 1_000);
    });
  });
}
