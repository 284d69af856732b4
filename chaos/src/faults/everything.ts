import type { ChaosWorld, FaultAction } from './chaos-world.js';
import { chosen, proxied } from './chaos-world.js';
import { corruptCaches, fillDisk } from './disk-faults.js';
import { flushQueue, hangPostgres } from './part-faults.js';
import {
  blockWorker,
  drainWorker,
  killCompactor,
  killGateway,
  killWorker,
  partitionWorker,
  stopWorker,
} from './process-faults.js';
import { loseAnswers } from './answer-faults.js';
import { MIXED_RULES } from './store-faults.js';

/** Between two that begin. */
const INTERVAL_MS = { min: 500, max: 2_500 };

/** Faults of processes and parts that begin whatever others are under way, over a bucket that fails all the time. */
export const everything: FaultAction = async (world, { holdMs }) => {
  const { clock, random, pause } = world;
  const untilMs = clock.monotonic() + holdMs;
  const names: string[] = [];
  const running: Promise<unknown>[] = [];
  for (const { proxy } of proxied(world)) proxy.setRules(MIXED_RULES);
  running.push(loseAnswers(world, { holdMs, target: 0 }));
  try {
    while (clock.monotonic() < untilMs) {
      const [name, action, lengthMs] = chosen(actionsFor(world), Math.floor(random.fraction() * 1_000));
      names.push(name);
      const fault = { holdMs: lengthMs, target: Math.floor(random.fraction() * 1_000) };
      // One may find that another has ended its process already.
      running.push(action(world, fault).catch((error: unknown) => world.say(`${name}: ${(error as Error).message}`)));
      await pause(INTERVAL_MS.min + random.fraction() * (INTERVAL_MS.max - INTERVAL_MS.min));
    }
  } finally {
    await Promise.all(running);
    for (const { proxy } of proxied(world)) proxy.setRules();
  }
  return names.join(', ');
};

function actionsFor({ fleet, ttlMs }: ChaosWorld): readonly (readonly [string, FaultAction, number])[] {
  return [
    ['kill', killWorker, 0],
    ['kill', killWorker, 0],
    ['stop', stopWorker, 2 * ttlMs],
    ['short stop', stopWorker, ttlMs / 2],
    ['partition', partitionWorker, 1.5 * ttlMs],
    ['short partition', partitionWorker, ttlMs / 2],
    ['block', blockWorker, ttlMs / 2],
    ['drain', drainWorker, 0],
    ['gateway kill', killGateway, 0],
    ['compactor kill', killCompactor, 0],
    ['postgres hang', hangPostgres, 3_000],
    ['cache corruption', corruptCaches, 1_000],
    ...(fleet.cacheDisk.isSmall ? ([['disk full', fillDisk, 2_000]] as const) : []),
    ...(fleet.parts.redis === undefined ? [] : ([['queue flush', flushQueue, 0]] as const)),
  ];
}
