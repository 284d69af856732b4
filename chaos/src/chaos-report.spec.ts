import { describe, expect, it } from '@jest/globals';

import { formatChaosReport, missedTargets } from './chaos-report.js';
import type { ChaosReport } from './chaos-report.js';

const TTL_MS = 5_000;
const TALLY = {
  count: 1,
  requests: 100,
  failedRequests: 0,
  failures: {},
  maxUnavailableMs: 6_900,
  maxWritesUnavailableMs: 6_900,
};
const GOOD: ChaosReport = {
  seed: 1,
  minutes: 1,
  parts: { bucket: 'local-bucket', postgres: 'own', redis: 'none' },
  acknowledged: 10,
  lost: 0,
  doubled: 0,
  stale: 0,
  phantom: 0,
  disorder: 0,
  foreign: 0,
  damaged: 0,
  maxUnavailableMs: 6_900,
  failedRequestsOnDrain: 0,
  staleAfterResume: 0,
  acknowledgedAfterResume: 0,
  unitsBilledMinusDone: { atLeast: -1, atMost: 0 },
  byFault: { 'worker-kill': TALLY },
  requests: {
    sent: 100,
    failed: 0,
    shed: 0,
    perSecond: 2,
    unknownOutcomes: 1,
    repeated: 3,
    replayed: 2,
    calmMs: { p50: 5, p99: 20 },
  },
  zombies: { requests: 0, answered: 0, refused: 0, stale: 0, acknowledged: 0, sealedWorkers: 0, spared: 0 },
  readBack: { keys: 10, unreadable: 0 },
  sums: { asked: 3, acknowledged: 2, unknown: 1, applied: 1 },
  bucket: {
    unitsBilledMinusDone: { atLeast: -1, atMost: 0 },
    wronglyBilled: [],
    quarantined: [],
    missingHeads: [],
    epochs: 3,
    files: 2,
    mergedFiles: 1,
    databasesCollected: 1,
  },
  scrub: {
    objects: 5,
    referenced: 5,
    missing: 0,
    corrupt: 0,
    orphans: 0,
    young: 0,
    databases: 1,
    sessions: 1,
    quarantined: 0,
    unclosed: 0,
    wrong: [],
  },
  coverage: {
    proxyFaults: {},
    lineFaults: {},
    lostAnswers: 4,
    endedByThemselves: 0,
    takeovers: 1,
    compactions: 1,
    deletedFiles: 1,
    recoveredDatabases: 1,
  },
  notDone: ['faults of Redis: there is none'],
  findings: [],
  missed: [],
};

describe('the verdict on a run', () => {
  it('is good when every promise was kept', () => {
    expect(missedTargets(GOOD, { ttlMs: TTL_MS })).toEqual([]);
    expect(formatChaosReport(GOOD)).toContain('everything held');
  });

  it.each([
    ['lost', { lost: 1 }],
    ['doubled', { doubled: 2 }],
    ['stale', { stale: 1 }],
    ['phantom', { phantom: 1 }],
    ['disorder', { disorder: 1 }],
    ['foreign', { foreign: 1 }],
    ['damaged', { damaged: 1 }],
    ['worker-kill', { byFault: { 'worker-kill': { ...TALLY, maxUnavailableMs: 7_001 } } }],
    ['answers lost: none', { byFault: { 'answers-lost': TALLY }, coverage: { ...GOOD.coverage, lostAnswers: 0 } }],
    ['failed requests on drain', { failedRequestsOnDrain: 1 }],
    ['stale after resume', { staleAfterResume: 1 }],
    ['acknowledged after resume', { acknowledgedAfterResume: 1 }],
    ['wrongly billed', { bucket: { ...GOOD.bucket, wronglyBilled: ['t1-00: 5 commits, 6 acknowledged, 0 unknown'] } }],
    ['quarantined', { bucket: { ...GOOD.bucket, quarantined: ['t1-00'] } }],
    ['missing heads', { bucket: { ...GOOD.bucket, missingHeads: ['t1-00'] } }],
    ['scrub', { scrub: { ...GOOD.scrub, missing: 1 } }],
    ['scrub', { scrub: { ...GOOD.scrub, corrupt: 1 } }],
  ] satisfies readonly (readonly [string, Partial<ChaosReport>])[])('names what was not kept: %s', (name, change) => {
    const missed = missedTargets({ ...GOOD, ...change }, { ttlMs: TTL_MS });
    expect(missed).toHaveLength(1);
    expect(missed[0]).toContain(name);
    expect(formatChaosReport({ ...GOOD, ...change, missed })).toContain(`MISSED: ${missed[0]}`);
  });
});
