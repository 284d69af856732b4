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

/** A clock that is set jumps by at most so much: by more than a lease lasts, now and then. */
const JUMP_MS = 3 * TTL_MS;

/**
 * Does what the fault says, to one process or, where it concerns none in particular, to all; and counts it if it did anything.
 * @returns false when there was nothing to do it to, or it changed nothing
 */
export function inflict(scene: Scene, kind: ProcessFault, victim: SimProcess | undefined): boolean {
  const { world } = scene;
  if (!strike(scene, kind, victim)) return false;
  world.counts.fault(kind);
  world.trace.add(`trouble ${kind} ${victim?.name ?? ''}`);
  return true;
}

function strike(scene: Scene, kind: ProcessFault, victim: SimProcess | undefined): boolean {
  const { world, fleet, random } = scene;
  if (kind === 'queue-lost') {
    fleet.queue.flush();
    return true;
  }
  if (kind === 'kill-all') {
    const workers = fleet.liveWorkers;
    for (const { process } of workers) process.kill();
    return workers.length > 0;
  }
  if (victim === undefined || !victim.isAlive) return false;
  const worker = fleet.workers.find(({ process }) => process === victim);
  switch (kind) {
    case 'kill':
    case 'kill-gateway':
    case 'kill-compactor':
      victim.kill();
      return true;
    case 'pause':
      return victim.pauseFor(random.fraction() * TTL_MS);
    case 'long-pause':
    case 'pause-gateway':
      return victim.pauseFor(2 * TTL_MS);
    case 'pause-compactor':
      return victim.pauseFor(random.fraction() * 6 * TTL_MS);
    case 'clock-jump-forward':
      victim.jumpClock(1 + Math.floor(random.fraction() * JUMP_MS));
      return true;
    case 'clock-jump-back':
      victim.jumpClock(-1 - Math.floor(random.fraction() * JUMP_MS));
      return true;
    case 'drain-gateway': {
      const gateway = fleet.gateways.find(({ process }) => process === victim);
      if (gateway === undefined || gateway.isDraining) return false;
      gateway.drain();
      return true;
    }
    case 'drain':
      // One that is not up yet has nothing to drain.
      if (worker === undefined) victim.kill();
      else if (worker.isDraining) return false;
      else void worker.drain();
      return true;
    case 'release':
      return (worker?.release() ?? 0) > 0;
    case 'cut-from-bucket':
      victim.bucket.isCut = true;
      // Often longer than the lease, sometimes much shorter.
      world.clock.schedule(random.fraction() * 3 * TTL_MS, () => void (victim.bucket.isCut = false));
      return true;
    case 'cut-from-gateways':
      fleet.network.cut.add(victim.name);
      world.clock.schedule(random.fraction() * 2 * TTL_MS, () => void fleet.network.cut.delete(victim.name));
      return true;
    default:
      return false;
  }
}
