import type { Clock, Timer } from '@leasehold/foundation';
import { eventLoopTurn } from '@leasehold/foundation';
import type { DatabaseIdentity } from '@leasehold/engine';
import { BackpressureError } from '@leasehold/ownership';

import type { FairScheduleSettings, Work } from './fair-schedule.js';
import { FairSchedule } from './fair-schedule.js';

export interface FairAdmissionSettings extends FairScheduleSettings {
  /** Begun in one turn of the event loop; what is left has its turn in the next, after whoever has come meanwhile. */
  readonly unitsPerTurn: number;
}

/** A signal, or where there is one for who has to wait. */
export type Patience = AbortSignal | { readonly signal: AbortSignal };

interface Waiting extends Work {
  readonly start: () => void;
}

/** Who was refused comes back when some of what waits has been served. */
const RETRY_AFTER_MS = 200;

/** What a request of the short ways takes of a turn of the event loop, beside one of the routes. */
const PASSING_SHARE = 1 / 4;

/**
 * Lets requests of tenants at the worker's parts in a fair order, as many at a time as they have room for. See {@link FairSchedule}; where
 * there is room for all, nobody waits and it costs two additions.
 */
export class FairAdmission {
  private readonly schedule: FairSchedule<Waiting>;
  private unitsLeft: number;
  private isTurning = false;
  private isServingSoon = false;
  private rested: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly settings: FairAdmissionSettings,
  ) {
    this.schedule = new FairSchedule(settings);
    this.unitsLeft = settings.unitsPerTurn;
  }

  /** Requests that wait for their turn. */
  get waiting(): number {
    return this.schedule.waiting;
  }

  /** Units under way. */
  get units(): number {
    return this.schedule.units;
  }

  /**
   * Runs the work when its turn comes. A signal ends the waiting, not the work. What is larger than all that its tenant may have under way
   * counts as that much: it is alone of its tenant, and takes nothing of what is kept for others.
   * @throws BackpressureError too many wait already, or the signal aborted before its turn: nothing was begun
   */
  run<T>(
    { tenantId, databaseId }: Pick<DatabaseIdentity, 'tenantId' | 'databaseId'>,
    units: number,
    patience: Patience,
    work: () => Promise<T>,
  ): Promise<T> {
    const request = { tenantId, databaseId, units: Math.min(units, this.settings.maxUnitsOfTenant) };
    const nowMs = this.clock.monotonic();
    if (this.unitsLeft <= 0 || !this.schedule.isFree(request, nowMs)) {
      return this.inTurn(request, patience instanceof AbortSignal ? patience : patience.signal, work);
    }
    this.spend(request.units);
    this.schedule.begin(request, nowMs);
    return this.underWay(request, work);
  }

  /**
   * Counts a request that is done in this moment, and waits for nothing. @returns false where it would have to wait for its turn: then nothing
   * was counted
   */
  pass(work: Work): boolean {
    const nowMs = this.clock.monotonic();
    if (this.unitsLeft <= 0 || !this.schedule.isFree(work, nowMs)) return false;
    this.spend(work.units * PASSING_SHARE);
    this.schedule.pass(work, nowMs);
    return true;
  }

  /**
   * Counts a request until {@link end}, if it need not wait for its turn. @returns false where it would have to: then nothing was counted
   */
  begin(work: Work): boolean {
    const nowMs = this.clock.monotonic();
    if (this.unitsLeft <= 0 || !this.schedule.isFree(work, nowMs)) return false;
    this.spend(work.units * PASSING_SHARE);
    this.schedule.begin(work, nowMs);
    return true;
  }

  /** Whoever waits is served a little later: this may be in the middle of a step of the log. */
  end(work: Work): void {
    this.schedule.done(work);
    if (this.schedule.waiting === 0 || this.isServingSoon) return;
    this.isServingSoon = true;
    void Promise.resolve().then(() => {
      this.isServingSoon = false;
      this.serve();
    });
  }

  private inTurn<T>(request: Work, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (signal.aborted) return Promise.reject(tooLate());
    return new Promise<T>((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve(this.underWay(request, work));
      };
      const waiting: Waiting = { ...request, start };
      const leave = (): void => {
        if (this.schedule.remove(waiting)) reject(tooLate());
      };
      if (!this.schedule.add(waiting, this.clock.monotonic())) {
        return reject(new BackpressureError('requests of the tenant', RETRY_AFTER_MS));
      }
      signal.addEventListener('abort', leave, { once: true });
      this.serve();
    });
  }

  private async underWay<T>(request: Work, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.schedule.done(request);
      if (this.schedule.waiting > 0) this.serve();
    }
  }

  /** Begins what has its turn, as far as this turn of the event loop goes. */
  private serve(): void {
    while (this.unitsLeft > 0) {
      const next = this.schedule.next(this.clock.monotonic());
      if (next === undefined) return this.serveRested();
      this.spend(next.units);
      next.start();
    }
  }

  /** Goes on when somebody has rested. */
  private serveRested(): void {
    const waitMs = this.schedule.msUntilRested(this.clock.monotonic());
    if (waitMs === undefined || this.rested !== undefined) return;
    this.rested = this.clock.schedule(Math.ceil(waitMs), () => {
      this.rested = undefined;
      this.serve();
    });
  }

  private spend(units: number): void {
    this.unitsLeft -= units;
    if (this.isTurning) return;
    this.isTurning = true;
    void eventLoopTurn().then(() => {
      this.isTurning = false;
      this.unitsLeft = this.settings.unitsPerTurn;
      this.serve();
    });
  }
}

/** Not for lack of an owner: the gateway is not to look for another. */
function tooLate(): Error {
  return new BackpressureError('requests of the tenant, whose turn came too late', RETRY_AFTER_MS);
}
