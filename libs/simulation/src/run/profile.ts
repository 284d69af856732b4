import { COMMIT_LOG_MODES } from '@leasehold/commit-log';
import type { Random } from '@leasehold/foundation';
import { DEFAULT_OWNERSHIP_SETTINGS } from '@leasehold/ownership';

import { NO_ENTRANCE_FAULTS } from '../processes/entrance.js';
import type { FleetSettings } from '../processes/fleet.js';
import type { TroubleSettings } from '../trouble/troublemaker.js';
import type { ClientSettings } from '../workload/client-settings.js';
import { LATE_MS } from '../world/bucket-connection.js';
import type { StoreFault, StoreFaultRates } from '../world/store-fault.js';
import { STORE_FAULTS } from '../world/store-fault.js';
import type { ProcessFault } from '../world/world-counts.js';

/** Everything that a seed decides before its run begins. */
export interface Profile {
  readonly ttlMs: number;
  readonly clients: number;
  readonly client: ClientSettings;
  readonly fleet: FleetSettings;
  readonly trouble: TroubleSettings;
  readonly storeFaults: StoreFaultRates;
  readonly clockSkewMs: number;
  readonly keepSessionsMs: number;
  /** Of the last database: its history is short, so that gc and horizon have something to do. */
  readonly shortRetentionMs: number;
  /** After all faults have ended and everything was read: for what is abandoned to land, and for sweeps, collections and purges to come round. */
  readonly settleMs: number;
  /** Between two exports that pin files and read them later; ms, at most. */
  readonly exportEveryMs: number;
}

export const TTL_MS = 5_000;
/** Calls of one run, by all clients together, about; the final reading adds some. */
export const CALLS_PER_RUN = 1_040;
const CLIENTS = 8;
export const DATABASES = 4;

/** How much of each kind of trouble there is when it is there at all. */
const TROUBLES: Readonly<Partial<Record<ProcessFault, number>>> = {
  kill: 4,
  'kill-all': 0.5,
  pause: 3,
  'long-pause': 3,
  'clock-jump-forward': 1,
  'clock-jump-back': 1,
  drain: 3,
  release: 3,
  'cut-from-bucket': 3,
  'cut-from-gateways': 2,
  'kill-gateway': 1,
  'pause-gateway': 1,
  'kill-compactor': 2,
  'pause-compactor': 2,
  'queue-lost': 0.5,
  'drain-gateway': 1,
};

const RATES: Readonly<Record<StoreFault, number>> = {
  'reset-before': 0.02,
  'error-500-before': 0.01,
  'slow-down-503': 0.01,
  'conflict-409': 0.02,
  'reset-after': 0.03,
  'error-500-after': 0.01,
  late: 0.02,
  truncated: 0.01,
  'bit-flip': 0.01,
  slow: 0.03,
};

/**
 * The settings of one run, drawn from its seed. Each run leaves some faults out and has others more often (swarm testing, Groce et al. 2012):
 * what hides one bug may be what another one needs.
 */
export function drawProfile(random: Random): Profile {
  const draw = (least: number, most: number): number => least + Math.floor(random.fraction() * (most - least + 1));
  const oneOf = <T>(...items: readonly T[]): T => items[Math.floor(random.fraction() * items.length)] as T;
  const swarm = <K extends string>(usual: Partial<Record<K, number>>, share: number): Partial<Record<K, number>> =>
    Object.fromEntries(
      Object.entries<number | undefined>(usual).flatMap(([kind, rate]) => {
        const factor = 0.3 + 1.7 * random.fraction();
        return random.fraction() < share && rate !== undefined ? [[kind, rate * factor]] : [];
      }),
    ) as Partial<Record<K, number>>;
  const isCalm = random.fraction() < 0.1;
  const storeFaults = isCalm
    ? {}
    : swarm(Object.fromEntries(STORE_FAULTS.map((f) => [f, RATES[f]])) as typeof RATES, 0.7);
  const gcMinAgeMs = oneOf(500, 2_000, 6_000);
  // Longer than anything that was abandoned is on its way, as a day is in real life.
  const keepSessionsMs = LATE_MS + oneOf(5_000, 30_000);
  const profile: Profile = {
    ttlMs: TTL_MS,
    clients: CLIENTS,
    client: {
      calls: CALLS_PER_RUN / CLIENTS,
      thinkMs: oneOf(100, 300, 600),
      databases: DATABASES,
      registers: oneOf(2, 3, 5),
      largeShare: oneOf(0.02, 0.15, 0.4),
      largeBytes: oneOf(8, 24, 36) * 1024,
      hotShare: oneOf(0.3, 0.5, 0.7),
    },
    fleet: {
      workers: 3,
      gateways: 2,
      compactors: 2,
      restartMs: oneOf(500, 3_000, 9_000),
      worker: {
        ttlMs: TTL_MS,
        log: {
          ...COMMIT_LOG_MODES[oneOf('fast', 'economy')],
          hedgeShare: oneOf(0, 0.04, 0.5),
          foldAtSegments: oneOf(2, 4, 12, 192),
          heldBytes: oneOf(0, 16 * 1024, 16 * 1024 * 1024),
        },
        ownership: {
          ...DEFAULT_OWNERSHIP_SETTINGS,
          idleReleaseMs: oneOf(1_500, 6_000, 60_000),
          flushBytes: oneOf(8, 60, 200) * 1024,
          maxUnflushedBytes: oneOf(20, 150, 2_000) * 1024,
          compactAtL0Files: 2,
          refuseAtL0Files: 12,
          claimAfterColdReads: oneOf(1, 4, 25),
          maintenanceIntervalMs: oneOf(300, 1_000),
        },
      },
      compactor: {
        compaction: { l0Files: oneOf(1, 2, 4), targetFileBytes: oneOf(16, 64) * 1024 },
        gcMinAgeMs,
        keepSessionsMs,
        sweepEveryMs: oneOf(8_000, 20_000),
      },
      queue: { duplicate: 0.1, late: 0.1, lost: 0.1, gcDelayMs: gcMinAgeMs },
      hops: isCalm ? { refused: 0, lostBefore: 0, lostAfter: 0 } : { refused: 0.01, lostBefore: 0.01, lostAfter: 0.02 },
      entrance: isCalm ? NO_ENTRANCE_FAULTS : { refused: 0.01, lostBefore: 0.01, cut: 0.02, lostAfter: 0.02 },
    },
    trouble: {
      everyMs: draw(1_500, 8_000),
      weights: swarm(TROUBLES, 0.6),
      failpointShare: 0.6,
    },
    storeFaults,
    clockSkewMs: oneOf(0, 500, 3_000),
    keepSessionsMs,
    shortRetentionMs: oneOf(0, 4_000, 10_000),
    settleMs: LATE_MS + 20_000 + keepSessionsMs,
    exportEveryMs: 5_000,
  };
  return random.fraction() < 0.4 ? withFullSegments(profile) : profile;
}

/** Segments of a few commits, two at a time: they are full, and wait for their turn, as those of a busy worker do. */
export function withFullSegments(profile: Profile): Profile {
  const { fleet } = profile;
  const log = { ...fleet.worker.log, maxSegmentBytes: 1_024, shareBytes: 512, maxInFlight: 2 };
  return { ...profile, fleet: { ...fleet, worker: { ...fleet.worker, log } } };
}

/** The same with all faults so many times as frequent: store faults by their rates, troubles by the time between them. 1 changes nothing. */
export function intensified(profile: Profile, factor: number): Profile {
  if (factor === 1) return profile;
  const { trouble } = profile;
  const storeFaults = Object.fromEntries(
    STORE_FAULTS.map((fault) => [fault, Math.min(MAX_RATE, (profile.storeFaults[fault] ?? 0) * factor)]),
  ) as StoreFaultRates;
  return { ...profile, storeFaults, trouble: { ...trouble, everyMs: Math.max(1, trouble.everyMs / factor) } };
}

/** Of ten faults; together they may be everything. */
const MAX_RATE = 0.1;
