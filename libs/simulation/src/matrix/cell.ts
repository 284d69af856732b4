import type { Fleet } from '../processes/fleet.js';
import { runSeed } from '../run/run-seed.js';
import type { SeedReport } from '../run/seed-report.js';
import type { StoreFault } from '../world/store-fault.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import type { ProcessFault } from '../world/world-counts.js';
import { smallProfile, withUpkeep } from './small-profile.js';

/** One fault at one place, and what a run with it came to. */
export interface Cell {
  /** Present tense, to go before `and keeps every promise`. */
  readonly title: string;
  readonly seed: number;
  readonly fault: StoreFault | ProcessFault;
  /** A matter of compactors: some of what they do comes round mostly when clients are done. */
  readonly isUpkeep?: boolean;
  readonly prepare: (world: VirtualWorld, fleet: Fleet) => void;
  /** Of the fixed part, which every run of the tests takes. */
  readonly isFixed: boolean;
}

export interface CellRun {
  readonly report: SeedReport;
  /** How often the fault struck. */
  readonly strikes: number;
}

/** Some steps come round only in some runs: as many more are tried, each with a seed of its own. */
const ATTEMPTS = 8;
const SEEDS_APART = 10_000;
/** One cell in so many, see {@link isInFixedPart}. */
const FIXED_EVERY = 4;

/**
 * Whether a cell of a table of places × faults belongs to the fixed part: by diagonals, so that each place is struck by some faults, and each fault strikes
 * at some places.
 */
export function isInFixedPart(row: number, column: number): boolean {
  return (row + column) % FIXED_EVERY === 1;
}

/** Runs the cell with its seed, and with others where the fault found nothing to strike. */
export async function runCell({ seed, fault, prepare, isUpkeep }: Cell): Promise<CellRun> {
  for (let attempt = 0; ; attempt++) {
    const report = await runSeed(seed + attempt * SEEDS_APART, {
      adjust: (profile) => (isUpkeep ? withUpkeep(smallProfile(profile)) : smallProfile(profile)),
      isPreparedForTheEnd: isUpkeep,
      prepare: (world, fleet) => {
        usualTrouble(world, fleet);
        prepare(world, fleet);
      },
    });
    const strikes = report.faults[fault] ?? 0;
    if (strikes > 0 || report.violations.length > 0 || attempt === ATTEMPTS) return { report, strikes };
  }
}

/** One worker dies, one drains, all give up what they own: so that there is something to recover and to take over. */
function usualTrouble(world: VirtualWorld, fleet: Fleet): void {
  world.clock.schedule(5_000, () => fleet.liveWorkers[0]?.process.kill());
  world.clock.schedule(14_000, () => void fleet.liveWorkers[0]?.drain());
  for (const ms of [10_000, 20_000]) {
    world.clock.schedule(ms, () => {
      for (const worker of fleet.liveWorkers) worker.release();
    });
  }
}
