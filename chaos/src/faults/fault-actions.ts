import type { FaultKind } from '../plan/fault-kind.js';
import { loseAnswers } from './answer-faults.js';
import { everything } from './everything.js';
import type { FaultAction } from './chaos-world.js';
import { corruptCaches, fillDisk } from './disk-faults.js';
import { flushQueue, hangPostgres, stopPostgres, stopRedis } from './part-faults.js';
import {
  blockWorker,
  drainWorker,
  killAllWorkers,
  killCompactor,
  killGateway,
  killWorker,
  partitionWorker,
  stopWorker,
  stutterWorkers,
} from './process-faults.js';
import { delayStore, flipStore, holdStore, resetStore, slowDownStore, truncateStore } from './store-faults.js';

export const FAULT_ACTIONS: Readonly<Record<FaultKind, FaultAction>> = {
  'worker-kill': killWorker,
  'worker-stop': stopWorker,
  'worker-drain': drainWorker,
  'worker-partition': partitionWorker,
  'worker-block': blockWorker,
  'worker-stutter': stutterWorkers,
  'all-workers-kill': killAllWorkers,
  'gateway-kill': killGateway,
  'compactor-kill': killCompactor,
  'answers-lost': loseAnswers,
  'store-resets': resetStore,
  'store-delays': delayStore,
  'store-slow-down': slowDownStore,
  'store-holds': holdStore,
  'store-truncation': truncateStore,
  'store-bit-flips': flipStore,
  'postgres-stop': stopPostgres,
  'postgres-hang': hangPostgres,
  'redis-stop': stopRedis,
  'queue-flush': flushQueue,
  'disk-full': fillDisk,
  'cache-corruption': corruptCaches,
  'all-at-once': everything,
};
