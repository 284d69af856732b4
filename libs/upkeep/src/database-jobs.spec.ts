import { HeadStore } from '@leasehold/engine';
import { systemRandom, utf8, type DatabaseId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore } from '@leasehold/object-store';
import { createFlushedDatabase } from '@leasehold/upkeep-testing';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { databaseJobs } from './database-jobs.js';
import type { JobProgress, JobRun } from './job.js';

const DATABASE = '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d' as DatabaseId;
const HOUR_MS = 3_600_000;
const SIGNAL = new AbortController().signal;

describe('databaseJobs', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let asked: string[];
  let outcomes: string[];

  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore(clock);
    asked = [];
    outcomes = [];
  });

  function jobs(gcMinAgeMs = HOUR_MS) {
    const ctx = { store, clock, random: systemRandom };
    return databaseJobs(
      { compact: ctx, gc: ctx },
      { enqueueGc: (id) => void asked.push(id) },
      {
        compacted: ({ outcome }) => void outcomes.push(outcome),
        collected: ({ outcome }) => void outcomes.push(outcome),
      },
      { gcMinAgeMs },
    );
  }

  function databaseWithL0(files: number): Promise<void> {
    return createFlushedDatabase({ store, clock, random: systemRandom }, DATABASE, files);
  }

  async function files(): Promise<number> {
    return (await store.list(`db/${DATABASE}/sst/`)).objects.length;
  }

  it('merges four L0 files and asks for a collection', async () => {
    await databaseWithL0(4);
    await jobs().compact({ databaseId: DATABASE }, SIGNAL);
    const stored = await new HeadStore({ store, clock, random: systemRandom }).load(DATABASE);
    expect(stored?.head.l0).toEqual([]);
    expect(stored?.head.l1).toHaveLength(1);
    expect([outcomes, asked]).toEqual([['compacted', 'idle'], [DATABASE]]);
  });

  it('tells what it has read of what it will, over all merges, and commits at the whole', async () => {
    await databaseWithL0(4);
    const told: JobProgress[] = [];
    const committed: (JobProgress | undefined)[] = [];
    const run: JobRun = {
      tell: (progress) => void told.push(progress),
      commit: (work) => {
        committed.push(told.at(-1));
        return work();
      },
    };
    const { l0 } = (await new HeadStore({ store, clock, random: systemRandom }).load(DATABASE))!.head;
    const bytes = l0.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    await jobs().compact({ databaseId: DATABASE }, SIGNAL, run);
    expect(told[0]).toEqual({ bytes: 0, ofBytes: bytes });
    expect(told.every(({ bytes: at }, n) => at >= (told[n - 1]?.bytes ?? 0))).toBe(true);
    expect(committed).toEqual([{ bytes, ofBytes: bytes }]);
  });

  it('changes nothing when it is cancelled, asks for the collection of what it wrote, and compacts the next time', async () => {
    await databaseWithL0(4);
    const heads = new HeadStore({ store, clock, random: systemRandom });
    const before = await heads.load(DATABASE);
    const cancel = new AbortController();
    const run: JobRun = {
      tell: () => undefined,
      commit: () => {
        cancel.abort(new Error('cancelled'));
        return Promise.reject(new Error('cancelled'));
      },
    };
    await expect(jobs().compact({ databaseId: DATABASE }, cancel.signal, run)).rejects.toThrow('cancelled');
    expect(await heads.load(DATABASE)).toEqual(before);
    expect([outcomes, asked, await files()]).toEqual([[], [DATABASE], 5]);

    await jobs(0).compact({ databaseId: DATABASE }, SIGNAL);
    await jobs(0).gc({ databaseId: DATABASE }, SIGNAL);
    expect([outcomes, await files()]).toEqual([['compacted', 'idle', 'collected'], 1]);
  });

  it.each([0, 3])('asks for nothing when there are only %d files', async (count) => {
    await databaseWithL0(count);
    await jobs().compact({ databaseId: DATABASE }, SIGNAL);
    expect([outcomes, asked]).toEqual([['idle'], []]);
  });

  it('leaves young garbage, asks again, and deletes it when it is old', async () => {
    await databaseWithL0(4);
    await jobs().compact({ databaseId: DATABASE }, SIGNAL);
    asked = [];
    await jobs().gc({ databaseId: DATABASE }, SIGNAL);
    expect(await files()).toBe(5);
    expect([outcomes.at(-1), asked]).toEqual(['nothing', [DATABASE]]);

    asked = [];
    await clock.advance(2 * HOUR_MS);
    await jobs().gc({ databaseId: DATABASE }, SIGNAL);
    expect(await files()).toBe(1);
    expect([outcomes.at(-1), asked]).toEqual(['collected', []]);
  });

  it('does not ask again for ever for files that a pin keeps', async () => {
    await databaseWithL0(4);
    await jobs().compact({ databaseId: DATABASE }, SIGNAL);
    asked = [];
    await store.put(`db/${DATABASE}/pins/branch`, utf8('pin'), 'create');
    await clock.advance(2 * HOUR_MS);
    await jobs().gc({ databaseId: DATABASE }, SIGNAL);
    expect([outcomes.at(-1), asked, await files()]).toEqual(['pinned', [], 5]);
  });
});
