import { describe, expect, it } from '@jest/globals';

import { smallProfile } from '../matrix/small-profile.js';
import { runSeed } from './run-seed.js';

describe('runSeed', () => {
  it('takes the same course under the same seed', async () => {
    const [first, second] = [await runSeed(7, { traceLines: 50 }), await runSeed(7, { traceLines: 50 })];
    expect(second.trace).toEqual(first.trace);
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.history).toEqual(first.history);
  }, 60_000);

  it('takes another course under another seed', async () => {
    const hashOf = async (seed: number) => (await runSeed(seed, { adjust: smallProfile })).traceHash;
    expect(await hashOf(8)).not.toBe(await hashOf(9));
  }, 60_000);

  it('tells of a bucket that loses an object at rest', async () => {
    const report = await runSeed(3, {
      prepare: (world) => {
        const { bucket } = world;
        world.failpoints.arm(
          (failpoint) => failpoint === 'worker after put sst',
          () => {
            void bucket.list('db/').then(async ({ objects }) => {
              for (const { key } of objects.filter((object) => object.key.includes('/sst/'))) await bucket.delete(key);
            });
          },
          3,
        );
      },
    });
    expect(report.violations.map(({ rule }) => rule)).toContain('G1');
  }, 60_000);
});
