import type { Random } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { ObjectStore } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';

import type { Violation } from '../history/history.js';
import { BucketWitness } from '../witness/bucket-witness.js';
import type { Step } from './failpoint.js';
import { Failpoints } from './failpoint.js';
import { Steps } from './step.js';
import type { SimProcess } from './sim-process.js';
import type { StoreFault, StoreFaultRates } from './store-fault.js';
import { Trace } from './trace.js';
import { WorldCounts } from './world-counts.js';

export interface WorldSettings {
  readonly seed: number;
  readonly storeFaults: StoreFaultRates;
  /** Wall clocks of processes are wrong by at most so much, either way. */
  readonly clockSkewMs: number;
  /** By the bucket's clock; the witness holds purges to it. */
  readonly keepSessionsMs: number;
  /** Lines of the trace to keep for a person. */
  readonly traceLines?: number;
}

/**
 * Everything outside of the processes: true time, the bucket and its witness, chance, and what has happened so far.
 *
 * One thread and no real time: between two timers of the clock everything that is ready runs to its end, and all that waits does so on a
 * timer. So the order of events is decided by the seed alone, and {@link Trace} tells whether it was.
 */
export class VirtualWorld {
  readonly clock = new FakeClock();
  readonly witness: BucketWitness;
  readonly bucket: ObjectStore;
  readonly failpoints = new Failpoints();
  readonly steps = new Steps();
  readonly counts = new WorldCounts();
  readonly trace: Trace;
  /** All that were ever started, in their order. */
  readonly processes: SimProcess[] = [];
  /** What processes have shown of themselves that must not be. */
  readonly violations: Violation[] = [];
  /** Faults of one's own choice, where none was drawn; the verb must be able to have them. */
  storeStrike: ((process: SimProcess, step: Step) => StoreFault | undefined) | undefined;
  /** Of the processes that start from now on. */
  storeFaults: StoreFaultRates;
  /** The largest error that any process's wall clock had at any time. */
  maxClockErrorMs = 0;
  private readonly random: Random;
  private moments = 0;

  constructor(readonly settings: WorldSettings) {
    this.trace = new Trace(settings.traceLines);
    this.storeFaults = settings.storeFaults;
    this.random = this.stream('world');
    const { keepSessionsMs } = settings;
    this.witness = new BucketWitness(new MemoryStore(this.clock), { clock: this.clock, keepSessionsMs });
    this.bucket = this.witness;
  }

  /** A source of chance of its own, so that what one part draws moves no other part. */
  stream(name: string): Random {
    let hash = 0x811c9dc5 ^ this.settings.seed;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return seededRandom(hash >>> 0);
  }

  /** The next number in the one order of everything that clients notice. */
  moment(): number {
    return ++this.moments;
  }

  clockErrorMs(): number {
    const { clockSkewMs } = this.settings;
    return Math.round((2 * this.random.fraction() - 1) * clockSkewMs);
  }

  /** Some process's wall clock is wrong by so much from now on. */
  noteClockError(ms: number): void {
    this.maxClockErrorMs = Math.max(this.maxClockErrorMs, Math.abs(ms));
  }
}
