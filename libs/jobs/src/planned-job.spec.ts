import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  planCompaction,
  planFullSweep,
  planGc,
  planPurge,
  planInvoices,
  planReconciliations,
  planRecovery,
  planRollUps,
  planSweeps,
  planTraffic,
} from './planned-job.js';

const DATABASE = '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d' as DatabaseId;
const SESSION = '01k9wq3m5v8x2c7b4n6d1f0g9h' as SessionId;
const HOUR_MS = 3_600_000;

describe('planCompaction', () => {
  it('has one key per database, without a colon, and is due at once', () => {
    expect(planCompaction(DATABASE)).toMatchObject({ kind: 'compact', key: `compact-${DATABASE}`, dueAt: 0 });
  });
});

describe('planGc', () => {
  const instant = fc.integer({ min: 0, max: 2 ** 42 });
  const age = fc.integer({ min: 1, max: 48 * HOUR_MS });

  it('is due only when everything that it was asked for is old enough, and not more than 2.05 ages later', () => {
    fc.assert(
      fc.property(instant, age, (now, minAgeMs) => {
        const { dueAt } = planGc(DATABASE, now, minAgeMs);
        expect(dueAt - now).toBeGreaterThanOrEqual(minAgeMs);
        expect(dueAt - now).toBeLessThanOrEqual(2.05 * minAgeMs + 1);
      }),
    );
  });

  it('collapses requests only onto a job that is late enough for them', () => {
    fc.assert(
      fc.property(instant, age, fc.integer({ min: 0, max: 96 * HOUR_MS }), (now, minAgeMs, later) => {
        const first = planGc(DATABASE, now, minAgeMs);
        const second = planGc(DATABASE, now + later, minAgeMs);
        if (first.key === second.key) expect(first.dueAt).toBeGreaterThanOrEqual(now + later + minAgeMs);
        else expect(second.dueAt).toBeGreaterThan(first.dueAt);
      }),
    );
  });

  it('lets at most three jobs of a database that is compacted every minute wait', () => {
    const waiting = new Map<string, number>();
    for (let now = 0; now < 48 * HOUR_MS; now += 60_000) {
      const { key, dueAt } = planGc(DATABASE, now, HOUR_MS);
      waiting.set(key, dueAt);
      for (const [other, due] of waiting) if (due <= now) waiting.delete(other);
      expect(waiting.size).toBeLessThanOrEqual(3);
    }
  });

  it('is due at once when no age is asked for', () => {
    expect(planGc(DATABASE, 5, 0)).toMatchObject({ key: `gc-${DATABASE}`, dueAt: 0 });
  });
});

describe('planRecovery', () => {
  it('lets one silence be reported by many, and an old ending once an hour, without one standing in the other’s way', () => {
    const [ending, ended] = [planRecovery(SESSION, 'ending'), planRecovery(SESSION, 'ended')];
    expect(ending.key).not.toBe(ended.key);
    expect(ending.repeats).toEqual({ mode: 'quiet', forMs: 5_000 });
    expect(ended.repeats).toEqual({ mode: 'quiet', forMs: HOUR_MS });
  });

  it('is quiet for less than it takes a session to fall silent twice', () => {
    const usualTtlMs = 5_000;
    const { repeats } = planRecovery(SESSION, 'ending');
    expect(repeats.mode === 'quiet' && repeats.forMs).toBeLessThan(usualTtlMs * 1.1);
  });
});

describe('plans of roll-ups', () => {
  it('have keys of their own, and look at everything only now and then', () => {
    expect(planRollUps(1_000, 60_000)).toMatchObject([
      { key: 'roll-up', payload: {}, repeats: { mode: 'schedule', everyMs: 1_000 } },
      { key: 'roll-up-full', payload: { full: true }, repeats: { mode: 'schedule', everyMs: 60_000 } },
    ]);
  });
});

describe('plans of traffic', () => {
  it('are those of roll-ups, with keys and a kind of their own', () => {
    expect(planTraffic(1_000, 60_000)).toMatchObject([
      { kind: 'traffic', key: 'traffic-roll-up', payload: {}, repeats: { mode: 'schedule', everyMs: 1_000 } },
      { kind: 'traffic', key: 'traffic-roll-up-full', payload: { full: true } },
    ]);
  });
});

describe('plans of reconciliations', () => {
  it('are of one now and then', () => {
    const job = { kind: 'reconcile', payload: {}, repeats: { mode: 'schedule', everyMs: 1_000 } };
    expect(planReconciliations(1_000)).toMatchObject(job);
  });
});

describe('plans of invoices', () => {
  it('are of one look now and then', () => {
    const job = { kind: 'invoice', payload: {}, key: 'invoice', repeats: { mode: 'schedule', everyMs: 1_000 } };
    expect(planInvoices(1_000)).toMatchObject(job);
  });
});

describe('plans of purges and sweeps', () => {
  it('have keys of their own, without a colon', () => {
    const keys = [planPurge(SESSION), planFullSweep(), planSweeps(1_000), planRecovery(SESSION, 'ended')].map(
      ({ key }) => key,
    );
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.join()).not.toContain(':');
  });

  it('read every head only when somebody asks for it', () => {
    expect(planFullSweep().payload).toEqual({ full: true });
    expect(planSweeps(1_000)).toMatchObject({ payload: {}, repeats: { mode: 'schedule', everyMs: 1_000 } });
  });
});
