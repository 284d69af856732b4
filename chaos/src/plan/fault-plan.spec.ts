import { seededRandom } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import type { FaultKind, Need } from './fault-kind.js';
import { FAULT_KINDS, isFaultKind } from './fault-kind.js';
import { planFaults } from './fault-plan.js';

const MINUTE_MS = 60_000;
const ALL: ReadonlySet<Need> = new Set<Need>(['redis', 'small-disk', 'proc']);
const plan = (seed: number, minutes: number, has = ALL, only: readonly FaultKind[] = []) =>
  planFaults(seededRandom(seed), { durationMs: minutes * MINUTE_MS, has, only });
const CORE = Object.entries(FAULT_KINDS)
  .filter(([, { core }]) => core)
  .map(([kind]) => kind);

describe('the plan of a run', () => {
  it('is drawn by its seed', () => {
    expect(plan(1, 10)).toEqual(plan(1, 10));
    expect(plan(2, 10)).not.toEqual(plan(1, 10));
  });

  it('has one fault at a time, and ends in time', () => {
    for (const minutes of [1, 2, 3, 10, 60]) {
      const faults = plan(minutes, minutes);
      for (const [at, { atMs, untilMs, holdMs, kind }] of faults.entries()) {
        expect(atMs).toBeGreaterThanOrEqual(faults[at - 1]?.untilMs ?? 0);
        expect(untilMs).toBe(atMs + holdMs + FAULT_KINDS[kind].settleMs);
      }
      expect(faults.at(-1)?.untilMs).toBeLessThanOrEqual(minutes * MINUTE_MS);
    }
  });

  it('has the whole core in the shortest run of the tests', () => {
    for (let seed = 0; seed < 50; seed++) {
      const kinds = plan(seed, 0.7).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(CORE));
    }
  });

  it('has every kind in ten minutes, and all at once last', () => {
    const kinds = plan(3, 10).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(Object.keys(FAULT_KINDS)));
    expect(kinds.indexOf('all-at-once')).toBe(kinds.length - 1);
  });

  it('has only what the machine can do, and only what was asked for', () => {
    const kinds = plan(4, 10, new Set()).map(({ kind }) => kind);
    expect(kinds).not.toEqual(expect.arrayContaining(['queue-flush']));
    expect(kinds.filter((kind) => FAULT_KINDS[kind].need !== undefined)).toEqual([]);
    expect(new Set(plan(4, 10, ALL, ['worker-kill']).map(({ kind }) => kind))).toEqual(new Set(['worker-kill']));
    expect(plan(4, 10, new Set(), ['queue-flush'])).toEqual([]);
  });
});

describe('the name of a fault', () => {
  it('is one of a list', () => {
    expect([isFaultKind('worker-kill'), isFaultKind('constructor'), isFaultKind('')]).toEqual([true, false, false]);
  });
});
