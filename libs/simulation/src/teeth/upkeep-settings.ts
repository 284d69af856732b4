import type { SimProcess } from '../world/sim-process.js';
import type { Profile } from '../run/profile.js';
import { databaseOf } from '../workload/databases.js';
import type { Setting } from './setting.js';
import { processNamed, repeatedly, wheneverPassed } from './strikes.js';

function shortHistory(drawn: Profile): Profile {
  const { fleet, client } = drawn;
  const ownership = { ...fleet.worker.ownership, flushBytes: 8 * 1024, maxUnflushedBytes: 8 * 1024 };
  return {
    ...drawn,
    shortRetentionMs: 0,
    // Clocks that agree, so that judges need not be lenient about what expires.
    clockSkewMs: 0,
    client: { ...client, databases: 1, largeShare: 0.4, largeBytes: 24 * 1024 },
    fleet: { ...fleet, worker: { ...fleet.worker, ownership } },
  };
}

/** Of one database with a short history: it is flushed, merged and collected as soon as there is something to be. */
function eagerUpkeep(drawn: Profile): Profile {
  const short = shortHistory(drawn);
  const { fleet } = short;
  const compactor = {
    ...fleet.compactor,
    compaction: { l0Files: 1, targetFileBytes: 16 * 1024 },
    gcMinAgeMs: 0,
    sweepEveryMs: 10_000,
  };
  const queue = { duplicate: 0, late: 0, lost: 0, gcDelayMs: 0 };
  return { ...short, exportEveryMs: 500, fleet: { ...fleet, compactor, compactors: 3, queue } };
}

/** In which files are written, merged and collected all the time. */
export const UPKEEP_SETTINGS = {
  /** Compactors fall asleep over what they are about to publish, while databases change hands and garbage is collected. */
  'slow-compactors': {
    adjust: (drawn) => {
      const short = shortHistory(drawn);
      const { fleet, storeFaults, trouble } = short;
      const compactor = {
        ...fleet.compactor,
        compaction: { l0Files: 1, targetFileBytes: 16 * 1024 },
        gcMinAgeMs: 500,
        sweepEveryMs: 2_000,
      };
      return {
        ...short,
        exportEveryMs: 500,
        storeFaults: { ...storeFaults, slow: 0.2 },
        fleet: { ...fleet, compactor, compactors: 3, queue: { ...fleet.queue, duplicate: 0.5, gcDelayMs: 500 } },
        trouble: { ...trouble, everyMs: 2_000, weights: { kill: 2, release: 2, drain: 1 } },
      };
    },
    prepare: (world) => {
      let naps = 0;
      let isDue = true;
      repeatedly(world, 2_000, () => void (isDue = true));
      const nap = (name: string): void => {
        if (!isDue) return;
        isDue = false;
        // Now long enough for what they are about to publish to be collected, now just for others to publish something.
        const napMs = naps++ % 2 === 0 ? 6_000 : 1_500;
        processNamed(world, name)?.pauseFor(napMs);
      };
      wheneverPassed(world, 'compactor before put head compaction', nap);
      wheneverPassed(world, 'compactor before put head gc-floor', nap);
      wheneverPassed(world, 'exporter before put pin', nap);
    },
  },
  /**
   * Compactors stand still over what they are about to publish, now until somebody who collects garbage has looked at the head, now until
   * it has been collected; exporters do over their pins.
   */
  'overtaken-compactors': {
    adjust: eagerUpkeep,
    prepare: (world, fleet) => {
      let round = 0;
      let publisher: SimProcess | undefined;
      wheneverPassed(world, 'compactor before put head compaction', (name) => {
        const process = processNamed(world, name);
        if (publisher !== undefined || process?.pauseFor(1_000) !== true) return;
        round++;
        publisher = process;
        world.clock.schedule(1_000, () => void (publisher = undefined));
        fleet.queue.enqueueGc(databaseOf(0).databaseId);
      });
      wheneverPassed(world, 'compactor before put head gc-floor', (name) => {
        if (publisher === undefined || publisher.name === name || round % 2 === 0) return;
        processNamed(world, name)?.pauseFor(300);
        publisher.gate.resume();
      });
      wheneverPassed(world, 'exporter before put pin', (name) => void processNamed(world, name)?.pauseFor(3_000));
    },
  },
  /** Files are merged and collected as soon as they are there, by clocks that do not agree, and readers stand still with heads in their hands. */
  'eager-collectors': {
    adjust: (drawn) => {
      const eager = eagerUpkeep(drawn);
      return {
        ...eager,
        clockSkewMs: 15_000,
        trouble: { ...eager.trouble, everyMs: 1_500, weights: { release: 1 } },
      };
    },
    prepare: (world) => {
      let isDue = true;
      repeatedly(world, 1_000, () => void (isDue = true));
      wheneverPassed(world, 'worker after get head', (name) => {
        if (!isDue) return;
        isDue = false;
        processNamed(world, name)?.pauseFor(1_500);
      });
    },
  },
  /** Everybody works on one database whose history is short, and which outgrows its head. */
  'short-history': { adjust: shortHistory },
  /** The same, and L0 is merged with itself before it goes into L1. */
  tiers: {
    adjust: (drawn) => {
      const short = shortHistory(drawn);
      const compaction = {
        l0Files: 2,
        mostL0Files: 6,
        smallLevelBytes: 0,
        levelRatio: 0.2,
        targetFileBytes: 16 * 1024,
      };
      return { ...short, fleet: { ...short.fleet, compactor: { ...short.fleet.compactor, compaction } } };
    },
  },
} as const satisfies Readonly<Record<string, Setting>>;
