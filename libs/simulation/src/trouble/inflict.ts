import type { Random } from '@leasehold/foundation';

import type { Fleet } from '../processes/fleet.js';
import { TTL_MS } from '../run/profile.js';
import type { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import type { ProcessFault } from '../world/world-counts.js';

export interface Scene {
  readonly world: VirtualWorld;
  readonly fleet: Fleet;
  readonly random: Random;
}

/** Does to a process, or to all, what the fault says, and counts it. One that is dead already is left alone. */
export function inflict(scene: Scene, kind: ProcessFault, victim: SimProcess | undefined): void {
  const { world, fleet, random } = scene;
  if (victim !== undefined && !victim.isAlive) return;
  world.counts.fault(kind);
  world.trace.add(`trouble ${kind} ${victim?.name ?? ''}`);
  const worker = fleet.workers.find(({ process }) => process === victim);
  const jumpMs = Math.floor(random.fraction() * world.settings.clockSkewMs);
  switch (kind) {
    case 'kill':
    case 'kill-gateway':
    case 'kill-compactor':
      victim?.kill();
      return;
    case 'kill-all':
      for (const { process } of fleet.liveWorkers) process.kill();
      return;
    case 'pause':
      victim?.pauseFor(random.fraction() * TTL_MS);
      return;
    case 'long-pause':
    case 'pause-gateway':
      victim?.pauseFor(2 * TTL_MS);
      return;
    case 'pause-compactor':
      victim?.pauseFor(random.fraction() * 6 * TTL_MS);
      return;
    case 'clock-jump-forward':
      victim?.jumpClock(jumpMs);
      return;
    case 'clock-jump-back':
      victim?.jumpClock(-jumpMs);
      return;
    case 'drain':
      // One that is not up yet has nothing to drain.
      if (worker === undefined) victim?.kill();
      else void worker.drain();
      return;
    case 'release':
      worker?.release();
      return;
    case 'cut-from-bucket':
      cutFromBucket(scene, victim);
      return;
    case 'cut-from-gateways':
      cutFromGateways(scene, victim);
      return;
    case 'queue-lost':
      fleet.queue.flush();
      return;
  }
}

/** Often longer than the lease, sometimes much shorter. */
function cutFromBucket({ world, random }: Scene, victim: SimProcess | undefined): void {
  if (victim === undefined) return;
  victim.bucket.isCut = true;
  world.clock.schedule(random.fraction() * 3 * TTL_MS, () => void (victim.bucket.isCut = false));
}

function cutFromGateways({ world, fleet, random }: Scene, victim: SimProcess | undefined): void {
  if (victim === undefined) return;
  const { cut } = fleet.network;
  cut.add(victim.name);
  world.clock.schedule(random.fraction() * 2 * TTL_MS, () => void cut.delete(victim.name));
}
