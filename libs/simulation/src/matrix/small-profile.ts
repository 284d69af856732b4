import { COMMIT_LOG_MODES } from '@leasehold/commit-log';

import { NO_ENTRANCE_FAULTS } from '../processes/entrance.js';
import type { Profile } from '../run/profile.js';

/**
 * A short run in which every step of the protocol comes round: small databases outgrow their heads, logs are folded, files merged and collected,
 * sessions recovered and purged, and nothing fails by itself. For one fault at a time.
 */
export function smallProfile(profile: Profile): Profile {
  const { fleet, client } = profile;
  const noWeights = { ...profile.trouble, weights: {} };
  return {
    ...profile,
    clients: 4,
    client: { ...client, calls: 40, thinkMs: 900, registers: 3, largeShare: 0.4, largeBytes: 24 * 1024, hotShare: 0.5 },
    fleet: {
      ...fleet,
      restartMs: 500,
      worker: {
        ...fleet.worker,
        log: { ...COMMIT_LOG_MODES.fast, hedgeShare: 0, foldAtSegments: 3, heldBytes: 16 * 1024 },
        ownership: {
          ...fleet.worker.ownership,
          idleReleaseMs: 4_000,
          flushBytes: 24 * 1024,
          maxUnflushedBytes: 100 * 1024,
          claimAfterColdReads: 2,
          maintenanceIntervalMs: 300,
        },
      },
      compactor: {
        compaction: { l0Files: 1, targetFileBytes: 32 * 1024 },
        gcMinAgeMs: 500,
        keepSessionsMs: KEEP_SESSIONS_MS,
        sweepEveryMs: 4_000,
      },
      queue: { duplicate: 0, late: 0, lost: 0, gcDelayMs: 500 },
      hops: { refused: 0, lostBefore: 0, lostAfter: 0 },
      entrance: NO_ENTRANCE_FAULTS,
    },
    trouble: noWeights,
    storeFaults: {},
    clockSkewMs: 2_000,
    keepSessionsMs: KEEP_SESSIONS_MS,
    shortRetentionMs: 0,
    settleMs: 8_000,
  };
}

/** For what compactors do: files come to be in some number, and sessions are purged. */
export function withUpkeep(profile: Profile): Profile {
  const { client } = profile;
  return { ...profile, client: { ...client, calls: 60 }, settleMs: KEEP_SESSIONS_MS + 10_000 };
}

/** Longer than any request is repeated or on its way. */
const KEEP_SESSIONS_MS = 31_000;
