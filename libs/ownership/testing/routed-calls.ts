import type { Random, SessionId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';

import type { AccessOptions } from '../src/access-options.js';
import { MisdirectedError } from '../src/errors.js';
import type { TestWorker, TestWorkers } from './test-workers.js';

export type Call<T> = (worker: TestWorker, options: AccessOptions) => Promise<T>;

const CALL_MS = 10_000;
const PAUSE_MS = 100;
/** Some minutes: above any takeover. */
const MAX_TRIES = 2_000;
/** With which a worker says that nothing was applied. */
const NOT_APPLIED = ['owner-unavailable', 'service-draining', 'session-expired', 'overloaded'];

/** Finds the worker that serves, as a gateway does: asks any, follows to the owner, and waits for the end of one that is dead. */
export class RoutedCalls {
  /** Processes that are no more: what they answer arrives nowhere. */
  readonly dead = new Set<TestWorker>();
  private hint: TestWorker | undefined;

  constructor(
    private readonly workers: TestWorkers,
    private readonly random: Random,
  ) {}

  alive(): readonly TestWorker[] {
    return this.workers.all.filter((worker) => !this.dead.has(worker));
  }

  /** Repeated until somebody answers. */
  read<T>(call: Call<T>): Promise<T> {
    return this.run(async (worker, options) => {
      const answer = await call(worker, options);
      // S1, as the routes do.
      worker.session.assertServing();
      return answer;
    }, true);
  }

  /** Repeated where nothing was applied. @throws anything else: it may have been */
  write<T>(call: Call<T>): Promise<T> {
    return this.run(call, false);
  }

  private async run<T>(call: Call<T>, mayRepeat: boolean): Promise<T> {
    let waitForOwner: SessionId | undefined;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const worker = this.next();
      if (worker === undefined) {
        await this.workers.clock.sleep(PAUSE_MS);
        continue;
      }
      const time = new AbortController();
      const timer = this.workers.clock.schedule(CALL_MS, () => time.abort());
      try {
        const answer = await this.unlessDead(worker, call(worker, { signal: time.signal, waitForOwner }));
        this.hint = worker;
        return answer;
      } catch (error) {
        this.hint = undefined;
        if (error instanceof MisdirectedError) {
          this.hint = this.alive().find(({ session }) => session.id === error.owner);
          if (this.hint === undefined) waitForOwner = error.owner;
        } else if (!mayRepeat && !(isLeaseholdError(error) && NOT_APPLIED.includes(error.code))) {
          throw error;
        }
        await this.workers.clock.sleep(PAUSE_MS);
      } finally {
        timer.cancel();
      }
    }
    throw new Error('nobody serves the database');
  }

  /** As a connection that breaks with its process. */
  private async unlessDead<T>(worker: TestWorker, answer: Promise<T>): Promise<T> {
    let watching = true;
    const death = (async (): Promise<never> => {
      while (watching && !this.dead.has(worker)) await this.workers.clock.sleep(PAUSE_MS);
      throw new Error('the connection broke');
    })();
    death.catch(() => undefined);
    answer.catch(() => undefined);
    try {
      const result = await Promise.race([answer, death]);
      if (this.dead.has(worker)) throw new Error('the connection broke');
      return result;
    } finally {
      watching = false;
    }
  }

  private next(): TestWorker | undefined {
    const alive = this.alive();
    if (this.hint !== undefined && alive.includes(this.hint)) return this.hint;
    return alive[Math.floor(this.random.fraction() * alive.length)];
  }
}
