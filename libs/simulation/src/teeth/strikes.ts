import type { Fleet } from '../processes/fleet.js';
import type { SimWorker } from '../processes/sim-worker.js';
import type { RunOptions } from '../run/run-seed.js';
import type { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';

/** Until the world is healed. */
export function repeatedly(world: VirtualWorld, everyMs: number, act: (round: number) => void): void {
  const { storeFaults } = world;
  const turn = (round: number): void => {
    // Healing replaces them.
    if (world.storeFaults !== storeFaults) return;
    act(round);
    world.clock.schedule(everyMs, () => turn(round + 1));
  };
  turn(0);
}

/** Each time a process comes by; healing disarms. */
export function wheneverPassed(world: VirtualWorld, failpoint: string, strike: (process: string) => void): void {
  const arm = (): void => {
    world.failpoints.arm(
      (passed) => passed.endsWith(failpoint),
      (_, process) => {
        strike(process);
        arm();
      },
    );
  };
  arm();
}

export function processNamed(world: VirtualWorld, name: string): SimProcess | undefined {
  return world.processes.find((process) => process.name === name);
}

interface Cuts {
  readonly everyMs: number;
  readonly forMs: number;
  readonly andThen?: (worker: SimWorker) => void;
}

/** Now and then a worker loses the bucket right after something of it was applied there, and before it knows. */
export function cutsAfter(failpoint: string, { everyMs, forMs, andThen }: Cuts): NonNullable<RunOptions['prepare']> {
  return (world, fleet) => {
    let isDue = true;
    repeatedly(world, everyMs, () => void (isDue = true));
    wheneverPassed(world, failpoint, (name) => {
      const worker = fleet.liveWorkers.find(({ process }) => process.name === name);
      if (!isDue || worker === undefined) return;
      isDue = false;
      worker.process.bucket.isCut = true;
      world.clock.schedule(forMs, () => void (worker.process.bucket.isCut = false));
      andThen?.(worker);
    });
  };
}

/** One gateway hardly ever sees the bucket, and goes on asking whom it has asked before; another one sees everything. */
export function blindGateway(world: VirtualWorld, fleet: Fleet): void {
  repeatedly(world, 1_000, (second) => {
    for (const [i, { process }] of fleet.liveGateways.entries()) process.bucket.isCut = i === 0 && second % 15 > 2;
  });
}

/** The machine of a process sleeps now and then: nothing of it runs, its monotonic clock stands still, and its wall clock does not. */
export function sleeper(process: SimProcess): (ms: number) => void {
  const { clock, world } = process;
  const awake = clock.monotonic.bind(clock);
  let sleptMs = 0;
  let asleepSince: number | undefined;
  clock.monotonic = () => (asleepSince ?? awake()) - sleptMs;
  return (ms) => {
    if (asleepSince !== undefined || !process.pauseFor(ms)) return;
    const since = (asleepSince = awake());
    world.clock.schedule(ms, () => {
      asleepSince = undefined;
      sleptMs += awake() - since;
    });
  };
}
