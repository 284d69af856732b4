import type { SimProcess } from '../world/sim-process.js';
import type { SimWorker } from '../processes/sim-worker.js';
import { withFullSegments } from '../run/profile.js';
import { databaseOf } from '../workload/databases.js';
import type { Setting } from './setting.js';
import { blindGateway, cutsAfter, processNamed, repeatedly, sleeper, wheneverPassed } from './strikes.js';
import { UPKEEP_SETTINGS } from './upkeep-settings.js';

const LOSING_WORKERS = { 'cut-from-bucket': 4, pause: 1, 'long-pause': 4, kill: 1 } as const;

/** For a while no segment of a worker gets through, and then it dies; who follows its one database has time to ask. */
const LOST_SEGMENTS = {
  adjust: (drawn) => ({
    ...drawn,
    shortRetentionMs: 600_000,
    client: { ...drawn.client, databases: 1, thinkMs: 300 },
    fleet: { ...drawn.fleet, restartMs: 500 },
    trouble: { ...drawn.trouble, weights: {} },
  }),
  prepare: (world) => {
    let isDue = true;
    let victim: SimProcess | undefined;
    repeatedly(world, 9_000, () => void (isDue = true));
    world.storeStrike = (process, step) => {
      if (process.role !== 'worker' || step !== 'put segment') return undefined;
      if (isDue) {
        isDue = false;
        victim = process;
        world.clock.schedule(1_500, () => process.kill());
      }
      return process === victim ? 'reset-before' : undefined;
    };
  },
} as const satisfies Setting;

export const SETTINGS = {
  ...UPKEEP_SETTINGS,
  /** Workers lose the bucket, or stand still, and one gateway does not notice. */
  'blind-gateway': {
    adjust: (drawn) => ({ ...drawn, trouble: { ...drawn.trouble, everyMs: 4_000, weights: LOSING_WORKERS } }),
    prepare: blindGateway,
  },
  /** Who was cut off or stood still goes on in the moment in which somebody seals a session. */
  'awake-when-sealed': {
    adjust: (drawn) => ({ ...drawn, trouble: { ...drawn.trouble, everyMs: 4_000, weights: LOSING_WORKERS } }),
    prepare: (world, fleet) => {
      wheneverPassed(world, 'after put record seal', () => {
        for (const { process } of fleet.liveWorkers) {
          process.bucket.isCut = false;
          process.gate.resume();
        }
      });
    },
  },
  /** The answer to a renewal is lost, and nothing else gets through until the session is sealed. */
  'cut-after-renewals': { prepare: cutsAfter('worker after put record renewal', { everyMs: 8_000, forMs: 9_000 }) },
  /** A worker loses the bucket for about as long as others wait before they seal its session. */
  'cut-for-a-lease': { prepare: cutsAfter('worker after put record renewal', { everyMs: 8_000, forMs: 6_000 }) },
  /** A renewal is confirmed late, and right after that the worker loses the bucket for longer than the lease; one gateway does not notice. */
  'confirmed-late': {
    adjust: (drawn) => ({ ...drawn, trouble: { ...drawn.trouble, weights: {} } }),
    prepare: (world, fleet) => {
      blindGateway(world, fleet);
      const cutAgain = ({ process }: SimWorker): void => {
        world.clock.schedule(5_500, () => void (process.bucket.isCut = true));
        world.clock.schedule(13_000, () => void (process.bucket.isCut = false));
      };
      cutsAfter('worker after put record renewal', { everyMs: 16_000, forMs: 4_000, andThen: cutAgain })(world, fleet);
    },
  },
  /** A draining worker stands still with the answer to a segment lost, until its session is sealed. */
  'paused-in-a-drain': {
    adjust: (drawn) => ({ ...drawn, trouble: { ...drawn.trouble, weights: {} } }),
    prepare: (world, fleet) => {
      let isDue = true;
      let victim: SimProcess | undefined;
      repeatedly(world, 6_000, () => void (isDue = true));
      world.storeStrike = (process, step) => {
        if (!isDue || process.role !== 'worker' || step !== 'put segment') return undefined;
        isDue = false;
        victim = process;
        return 'reset-after';
      };
      wheneverPassed(world, 'worker after put segment', (name) => {
        if (victim?.name !== name) return;
        void fleet.liveWorkers.find(({ process }) => process === victim)?.drain();
        victim.pauseFor(8_000);
        victim = undefined;
      });
    },
  },
  /** Now and then a worker puts no head for so long that it gives up on a release, and has to find out what became of it. */
  'unclear-releases': {
    adjust: (drawn) => {
      const { fleet } = drawn;
      const ownership = { ...fleet.worker.ownership, idleReleaseMs: 1_500, maintenanceIntervalMs: 300 };
      return {
        ...drawn,
        // A settlement goes on for half a minute before it gives up.
        client: { ...drawn.client, thinkMs: 1_500 },
        fleet: { ...fleet, worker: { ...fleet.worker, ownership } },
        trouble: { ...drawn.trouble, weights: { release: 3 } },
      };
    },
    prepare: (world) => {
      const { storeFaults, clock } = world;
      let victim: SimProcess | undefined;
      let endsAt = 0;
      world.storeStrike = (process, step) => {
        if (world.storeFaults !== storeFaults || process.role !== 'worker' || !step.startsWith('put head'))
          return undefined;
        if (clock.monotonic() > endsAt && step === 'put head release') {
          victim = process;
          endsAt = clock.monotonic() + 35_000;
        }
        return process === victim && clock.monotonic() <= endsAt ? 'reset-before' : undefined;
      };
    },
  },
  /** The answer to a claim is lost, and before the worker asks again a compaction has been there. */
  'cut-after-claims': {
    adjust: (drawn) => {
      const { fleet, client } = drawn;
      const ownership = {
        ...fleet.worker.ownership,
        idleReleaseMs: 300,
        maintenanceIntervalMs: 300,
        flushBytes: 8 * 1024,
      };
      const compactor = { ...fleet.compactor, compaction: { l0Files: 1, targetFileBytes: 16 * 1024 } };
      return {
        ...drawn,
        client: { ...client, largeShare: 0.4, largeBytes: 36 * 1024, thinkMs: 600 },
        fleet: { ...fleet, compactor, worker: { ...fleet.worker, ownership } },
        trouble: { ...drawn.trouble, weights: { release: 4 } },
      };
    },
    prepare: (world, fleet) => {
      const compact = (): void => {
        for (let database = 0; database < 4; database++) fleet.queue.enqueueCompaction(databaseOf(database).databaseId);
      };
      cutsAfter('worker after put head claim', { everyMs: 1_500, forMs: 1_200, andThen: compact })(world, fleet);
    },
  },
  /** The answer to a claim is lost, and nothing else gets through until whoever waits for it has given up. */
  'long-claims': {
    adjust: (drawn) => ({ ...drawn, trouble: { ...drawn.trouble, weights: { release: 4 } } }),
    prepare: cutsAfter('worker after put head claim', { everyMs: 4_000, forMs: 12_000 }),
  },
  /** For seconds no claim is answered, and each of them lands some time later. */
  'late-claims': {
    adjust: (drawn) => {
      const { fleet } = drawn;
      const ownership = { ...fleet.worker.ownership, idleReleaseMs: 300, maintenanceIntervalMs: 300 };
      return {
        ...drawn,
        fleet: { ...fleet, worker: { ...fleet.worker, ownership } },
        trouble: { ...drawn.trouble, everyMs: 1_000, weights: { release: 1 } },
      };
    },
    prepare: (world) => {
      let isLate = false;
      repeatedly(world, 4_000, (round) => void (isLate = round % 2 === 1));
      world.storeStrike = ({ role }, step) =>
        isLate && role === 'worker' && step === 'put head claim' ? 'late' : undefined;
    },
  },
  /** Clocks that agree and clients that take their time, so that something expires while they do, and judges know of it. */
  'agreeing-clocks': {
    adjust: (drawn) => ({
      ...drawn,
      clockSkewMs: 0,
      client: { ...drawn.client, thinkMs: 1_500, hotShare: 1 },
      trouble: { ...drawn.trouble, weights: { release: 1, kill: 1 } },
    }),
  },
  /** Databases change hands all the time, and some requests take half a second. */
  restless: {
    adjust: (drawn) => {
      const { fleet } = drawn;
      const ownership = { ...fleet.worker.ownership, idleReleaseMs: 300, maintenanceIntervalMs: 300 };
      return {
        ...drawn,
        client: { ...drawn.client, largeShare: 0.2, largeBytes: 36 * 1024 },
        storeFaults: { ...drawn.storeFaults, slow: 0.3 },
        fleet: { ...fleet, restartMs: 500, worker: { ...fleet.worker, ownership } },
        trouble: { ...drawn.trouble, everyMs: 1_500, weights: { kill: 3, drain: 2, release: 2 } },
      };
    },
    /** Who has just come up is asked at once, by somebody who has not looked for its record. */
    prepare: (world, fleet) => {
      const asked = new Set<string>();
      repeatedly(world, 5, () => {
        for (const { process, access } of fleet.liveWorkers) {
          if (asked.has(process.name)) continue;
          asked.add(process.name);
          const { signal } = new AbortController();
          for (let database = 0; database < 4; database++) {
            access.databases.use(databaseOf(database), { signal }, () => Promise.resolve()).catch(() => undefined);
          }
        }
      });
    },
  },
  /** Segments are abandoned, and their worker dies when the next one has landed. */
  'killed-between-segments': {
    adjust: (drawn) => ({
      ...drawn,
      storeFaults: { ...drawn.storeFaults, late: 0.2, 'reset-before': 0.1 },
      client: { ...drawn.client, hotShare: 0.9, thinkMs: 100 },
      fleet: { ...drawn.fleet, restartMs: 500 },
      trouble: { ...drawn.trouble, weights: {} },
    }),
    prepare: (world) => {
      let isDue = true;
      repeatedly(world, 3_000, () => void (isDue = true));
      wheneverPassed(world, 'worker after put segment', (name) => {
        if (!isDue) return;
        isDue = false;
        processNamed(world, name)?.kill();
      });
    },
  },
  'lost-segments': LOST_SEGMENTS,
  /** The same, and clients are cut off from their gateways: they ask again before the first attempt is durable, or lost. */
  'lost-segments-and-answers': {
    ...LOST_SEGMENTS,
    adjust: (drawn) => {
      const adjusted = LOST_SEGMENTS.adjust(drawn);
      const { client, fleet } = adjusted;
      const entrance = { ...fleet.entrance, cut: 0.3 };
      return { ...adjusted, client: { ...client, thinkMs: 100 }, fleet: { ...fleet, entrance } };
    },
  },
  /** Connections break all the time, on both sides of the gateways, and hardly anything else does; gateways are killed and drain. */
  'lost-answers': {
    adjust: (drawn) => {
      const { fleet, client, trouble } = drawn;
      return {
        ...drawn,
        storeFaults: { slow: 0.2 },
        client: { ...client, hotShare: 0.7, thinkMs: 100 },
        fleet: {
          ...fleet,
          restartMs: 500,
          hops: { refused: 0.02, lostBefore: 0.05, lostAfter: 0.1 },
          entrance: { refused: 0.02, lostBefore: 0.05, cut: 0.1, lostAfter: 0.1 },
        },
        trouble: {
          ...trouble,
          everyMs: 3_000,
          weights: { 'kill-gateway': 2, 'drain-gateway': 2, kill: 2, release: 1 },
        },
      };
    },
  },
  /** Segments are full and wait for their turn, of few databases that are written to by everybody. */
  'full-segments': {
    adjust: (drawn) => {
      const { client, storeFaults } = drawn;
      return withFullSegments({
        ...drawn,
        client: { ...client, databases: 2, largeShare: 0.3, largeBytes: 8 * 1024, thinkMs: 30 },
        storeFaults: { ...storeFaults, slow: 0.4 },
      });
    },
  },
  /** Ended sessions are purged within seconds, so nothing may be abandoned for longer. */
  'early-purges': {
    adjust: (drawn) => {
      const { fleet, storeFaults } = drawn;
      const compactor = { ...fleet.compactor, keepSessionsMs: 500, sweepEveryMs: 1_000 };
      return {
        ...drawn,
        keepSessionsMs: 500,
        storeFaults: { ...storeFaults, late: 0 },
        fleet: { ...fleet, compactor },
        trouble: {
          ...drawn.trouble,
          everyMs: 3_000,
          weights: { kill: 4, 'kill-compactor': 2, 'pause-compactor': 2, 'queue-lost': 1 },
        },
      };
    },
  },
  /** A worker's machine falls asleep again and again, and does not reach the bucket meanwhile; one gateway does not notice. */
  sleeps: {
    adjust: (drawn) => ({
      ...drawn,
      client: { ...drawn.client, thinkMs: 600 },
      trouble: { ...drawn.trouble, weights: {} },
    }),
    prepare: (world, fleet) => {
      blindGateway(world, fleet);
      repeatedly(world, 16_000, (round) => {
        const { liveWorkers } = fleet;
        const process = liveWorkers[round % Math.max(1, liveWorkers.length)]?.process;
        if (process === undefined) return;
        const sleep = sleeper(process);
        process.bucket.isCut = true;
        for (let nap = 0; nap < 30; nap++) world.clock.schedule(350 * nap, () => sleep(300));
        world.clock.schedule(11_000, () => void (process.bucket.isCut = false));
      });
    },
  },
} as const satisfies Readonly<Record<string, Setting>>;

export type SettingName = keyof typeof SETTINGS;
