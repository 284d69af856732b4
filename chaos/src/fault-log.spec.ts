import { beforeEach, describe, expect, it } from '@jest/globals';

import { FaultLog } from './fault-log.js';
import type { Outcome } from './load/outcome.js';

const DONE: Outcome = { kind: 'absent' };
const FAILED: Outcome = { kind: 'not-applied', code: 'owner-unavailable' };

describe('the log of faults', () => {
  let log: FaultLog;
  beforeEach(() => {
    log = new FaultLog();
    log.begin('worker-kill', 10_000);
    log.end(20_000);
    log.begin('worker-drain', 20_000);
    log.end(25_000);
  });

  it('puts failures down to what was under way', () => {
    log.request({ sentMs: 5_000, endedMs: 5_010, outcome: DONE });
    log.request({ sentMs: 12_000, endedMs: 12_010, outcome: FAILED });
    log.request({ sentMs: 13_000, endedMs: 13_010, outcome: DONE });
    expect(log.byFault()).toMatchObject({
      calm: { requests: 1, failedRequests: 0 },
      'worker-kill': { count: 1, requests: 2, failedRequests: 1, failures: { 'owner-unavailable': 1 } },
      'worker-drain': { requests: 0 },
    });
  });

  it('puts a request that ends in a moment down to the later of two', () => {
    log.request({ sentMs: 19_900, endedMs: 20_001, outcome: FAILED });
    expect(log.of('worker-drain')?.failedRequests).toBe(1);
  });

  it('puts what lasts down to what it overlaps longest', () => {
    expect(log.gap('any', { fromMs: 11_000, toMs: 21_000 })).toBe('worker-kill');
    expect(log.gap('writes', { fromMs: 19_500, toMs: 24_000 })).toBe('worker-drain');
    expect(log.gap('any', { fromMs: 26_000, toMs: 29_000 })).toBe('calm');
    expect(log.of('worker-kill')).toMatchObject({ maxUnavailableMs: 10_000, maxWritesUnavailableMs: 0 });
    expect(log.of('worker-drain')).toMatchObject({ maxUnavailableMs: 0, maxWritesUnavailableMs: 4_500 });
  });

  it('knows what is under way', () => {
    expect([log.at(9_000), log.at(15_000), log.at(30_000)]).toEqual(['calm', 'worker-kill', 'calm']);
    log.begin('store-delays', 31_000);
    expect(log.at(90_000)).toBe('store-delays');
  });
});
