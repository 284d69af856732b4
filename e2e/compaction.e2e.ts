import { createHash, randomBytes } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Leasehold } from './src/leasehold.js';
import { expectStatus, signUp, type Tenant } from './src/api.js';

const VALUE_BYTES = 256 * 1024;
/** 30 MiB: several memtables of 4 MiB, so that L0 reaches the four files that ask for a compaction. */
const VALUES = 120;
const COMPACTED_WITHIN_MS = 30_000;

describe('a database that outgrows its head', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('is compacted by a job, keeps its newest values, and forgets deleted ones', async () => {
    const { database } = tenant;
    const digests = new Map<string, string>();
    for (let n = 0; n < VALUES; n += 8) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, offset) => {
          const key = `k${(n + offset) % 90}`;
          const value = randomBytes(VALUE_BYTES);
          expectStatus(await database.put(key, value), 200);
          digests.set(key, createHash('sha256').update(value).digest('hex'));
        }),
      );
    }
    for (let n = 0; n < 10; n++) {
      expectStatus(await database.delete(`k${n}`), 200);
      digests.delete(`k${n}`);
    }
    const deadline = Date.now() + COMPACTED_WITHIN_MS;
    for (;;) {
      // A write makes the owner look at its head again sooner or later; what counts is that L1 appears.
      const stats = (await database.stats()) as unknown as { l0Files: number; l1Files: number };
      if (stats.l1Files > 0) break;
      if (Date.now() > deadline) throw new Error(`not compacted: ${JSON.stringify(stats)}`);
      expectStatus(await database.put('nudge', randomBytes(VALUE_BYTES)), 200);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    for (const [key, digest] of digests) {
      const read = await database.get(key);
      expect([key, createHash('sha256').update(read.body).digest('hex')]).toEqual([key, digest]);
    }
    for (let n = 0; n < 10; n++) expect((await database.get(`k${n}`)).status).toBe(404);
    const listed = await database.list({ prefix: 'k', encoding: 'base64', limit: '1' });
    expect(listed.json<{ entries: unknown[] }>().entries).toHaveLength(1);
  }, 120_000);

  it('has a bucket in which nothing is missing and nothing damaged, as a scrub beside it tells', async () => {
    const counts = await leasehold.scrub();
    expect(counts).toMatchObject({ missing: 0, corrupt: 0, quarantined: 0 });
    // The demo tenant's database may not have been written yet.
    expect(counts['databases']).toBeGreaterThanOrEqual(1);
    expect(counts['sessions']).toBeGreaterThanOrEqual(2);
    expect(counts['objects']).toBeGreaterThan(5);
  }, 60_000);
});
