import { describe, expect, it } from '@jest/globals';
import { UNSEEN } from '@leasehold/upkeep';

import { usageJobs } from './usage-jobs.js';

type Parts = Parameters<typeof usageJobs>[0];

const EQUAL = { differences: 0, missing: 0, unread: 0 };

/** Reconciles with this outcome. @returns how loud it is logged, and what is counted */
async function reconcile(report: typeof EQUAL) {
  const levels: string[] = [];
  const counted: unknown[] = [];
  const log = (level: string) => () => void levels.push(level);
  const parts = {
    ledger: { completeTo: async () => 0 },
    recounts: { recount: async () => ({ report, first: [] }) },
    traffic: {},
    metrics: { reconciled: (told: unknown) => counted.push(told) },
    log: { info: log('info'), warn: log('warn'), error: log('error') },
  } as unknown as Parts;
  const context = { clock: { now: () => 0 } } as unknown as ReturnType<Parameters<typeof usageJobs>[1]>;
  await usageJobs(parts, () => context).reconcile({}, new AbortController().signal, UNSEEN);
  expect(counted).toEqual([report]);
  return levels;
}

describe('a reconciliation', () => {
  it('is an error in the log where books differ or records are gone, and a warning where not all was compared', async () => {
    expect(await reconcile(EQUAL)).toEqual(['info']);
    expect(await reconcile({ ...EQUAL, differences: 1, unread: 2 })).toEqual(['error']);
    expect(await reconcile({ ...EQUAL, missing: 1 })).toEqual(['error']);
    expect(await reconcile({ ...EQUAL, unread: 1 })).toEqual(['warn']);
  });
});
