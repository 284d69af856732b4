import { afterEach, describe, expect, it } from '@jest/globals';
import { LeaseholdError } from '@leasehold/foundation';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { VirtualClock } from '@leasehold/object-store-testing';

import type { UpkeepJobs, UpkeepQueueSettings } from './upkeep-queue.js';
import { UpkeepQueue } from './upkeep-queue.js';

const SETTINGS: UpkeepQueueSettings = { gcDelayMs: 60_000, maxWaiting: 10, attempts: 3, retryDelayMs: 1_000 };
const [A, B] = ['a', 'b'] as [DatabaseId, DatabaseId];

/** A queue whose jobs are noted, and end when they are told to. */
class World {
  readonly clock = new VirtualClock();
  readonly begun: string[] = [];
  readonly failures: unknown[] = [];
  readonly queue: UpkeepQueue;
  /** What a job does; by default it ends at once. */
  work: (job: string, signal: AbortSignal) => Promise<void> = async () => undefined;

  constructor(settings: Partial<UpkeepQueueSettings> = {}) {
    this.queue = new UpkeepQueue(this.clock, { ...SETTINGS, ...settings }, (_, error) => this.failures.push(error));
  }

  /** Lets time pass, and what began in it go as far as it comes. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }

  jobs(): UpkeepJobs {
    const job =
      (kind: string) =>
      async (payload: object, signal: AbortSignal): Promise<void> => {
        const name = [kind, ...Object.values(payload)].join(' ');
        this.begun.push(name);
        await this.work(name, signal);
      };
    return {
      compact: job('compact'),
      gc: job('gc'),
      recover: job('recover'),
      purge: job('purge'),
      sweep: job('sweep'),
    };
  }
}

let world: World;
afterEach(() => world.queue.close());

describe('the queue of upkeep in a process', () => {
  it('runs what was asked for before it was started, equal jobs once', async () => {
    world = new World();
    for (const id of [A, A, B]) world.queue.enqueueCompaction(id);
    world.queue.enqueueRecovery('s' as SessionId);
    expect(world.begun).toEqual([]);
    world.queue.start(world.jobs());
    await world.queue.idle();
    expect(world.begun.sort()).toEqual(['compact a', 'compact b', 'recover s']);
  });

  it('runs a job again that is asked for while an equal one runs, and one of a kind at a time', async () => {
    world = new World();
    let underWay = 0;
    let most = 0;
    world.work = async (job) => {
      most = Math.max(most, ++underWay);
      if (job === 'compact a' && world.begun.length === 1) world.queue.enqueueCompaction(A);
      await Promise.resolve();
      underWay--;
    };
    world.queue.start(world.jobs());
    world.queue.enqueueCompaction(A);
    world.queue.enqueueCompaction(B);
    await world.queue.idle();
    expect(world.begun).toEqual(['compact a', 'compact b', 'compact a']);
    expect(most).toBe(1);
  });

  it('lets no kind wait for another', async () => {
    world = new World();
    let end = (): void => undefined;
    world.work = (job) => (job === 'compact a' ? new Promise((resolve) => (end = resolve)) : Promise.resolve());
    world.queue.start(world.jobs());
    world.queue.enqueueCompaction(A);
    world.queue.enqueuePurge('s' as SessionId);
    world.queue.enqueueSweep(false);
    await world.pass(1);
    expect(world.begun.sort()).toEqual(['compact a', 'purge s', 'sweep false']);
    end();
  });

  it('collects garbage when it has its age, once for however many ask meanwhile', async () => {
    world = new World();
    world.queue.start(world.jobs());
    world.queue.enqueueGc(A);
    world.queue.enqueueGc(A);
    await world.pass(SETTINGS.gcDelayMs - 1);
    expect(world.begun).toEqual([]);
    await world.pass(2);
    expect(world.begun).toEqual(['gc a']);
  });

  it('tries again what failed, later and later, and a bounded number of times', async () => {
    world = new World();
    world.work = async () => {
      throw new Error('not now');
    };
    world.queue.start(world.jobs());
    world.queue.enqueueCompaction(A);
    const counts: number[] = [];
    for (const waitMs of [1, 1_000, 2_000, 60_000]) {
      await world.pass(waitMs);
      counts.push(world.begun.length);
    }
    expect(counts).toEqual([1, 2, 3, 3]);
    expect(world.failures).toHaveLength(3);
  });

  it('does not try again what can only be looked at by people', async () => {
    world = new World();
    world.work = async () => {
      throw new LeaseholdError('corrupt', 'corrupt-bytes', 'not what was written');
    };
    world.queue.start(world.jobs());
    world.queue.enqueueCompaction(A);
    await world.pass(60_000);
    expect(world.begun).toEqual(['compact a']);
    expect(world.failures).toHaveLength(1);
  });

  it('leaves to a sweep what is more than fits, and lets a sweep wait for room', async () => {
    world = new World({ maxWaiting: 4 });
    for (let n = 0; n < 9; n++) world.queue.enqueueCompaction(`db-${n}` as DatabaseId);
    const room = world.queue.room(new AbortController().signal);
    world.queue.start(world.jobs());
    await room;
    await world.queue.idle();
    expect(world.begun).toHaveLength(4);
  });

  it('tells what runs to stop when it is closed, and takes nothing any more', async () => {
    world = new World();
    world.work = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    world.queue.start(world.jobs());
    world.queue.enqueueCompaction(A);
    world.queue.enqueueCompaction(B);
    world.queue.enqueueGc(A);
    await world.pass(1);
    await world.queue.close();
    world.queue.enqueueCompaction(B);
    await world.pass(SETTINGS.gcDelayMs * 2);
    expect(world.begun).toEqual(['compact a']);
    expect(world.failures).toEqual([]);
  });

  it('has done what a sweep asks for when the sweep resolves, collecting included', async () => {
    world = new World();
    world.work = async (job) => {
      if (job !== 'sweep true') return;
      world.queue.ofSweep.enqueueGc(A);
      world.queue.ofSweep.enqueueCompaction(B);
    };
    world.queue.start(world.jobs());
    await world.queue.sweep();
    await world.queue.close();
    expect(world.begun.sort()).toEqual(['compact b', 'gc a', 'sweep true']);
  });

  it('rejects a sweep with the first failure of what it asks for, and the next one only with its own', async () => {
    world = new World();
    const failures = ['store down', 'another one'];
    world.work = async (job) => {
      if (job === 'sweep true') for (const id of [A, B]) world.queue.ofSweep.enqueueCompaction(id);
      else if (failures.length > 0) throw new Error(failures.shift());
    };
    world.queue.start(world.jobs());
    await expect(world.queue.sweep()).rejects.toThrow('store down');
    await world.queue.sweep();
  });
});
