import { systemClock, type Clock } from '@leasehold/foundation';
import type { CostReckoning, CostReport } from '@leasehold/metadata';

import { Turns, type TurnsSettings } from '../requests/turns.js';

/** Each keeps a connection to Postgres, milliseconds for most and some ten seconds for the largest. */
const RECKONING_TURNS: TurnsSettings = { atOnce: 2, maxWaiting: 100, maxWaitMs: 10_000 };
/** In memory, for who reads page after page: each some 200 kB at most. */
const MAX_KEPT = 64;
const KEEP_MS = 10 * 60_000;
/** A reckoning that took long is good for new questions, for so many times as long as it took: one in twenty seconds of Postgres goes into it at most. */
const LONG_MS = 3_000;
const FRESH_TIMES = 20;

interface Kept {
  readonly reckoning: CostReckoning;
  readonly at: number;
  readonly tookMs: number;
}

/** What months come to, reckoned few at once. Who goes on with pages of a reckoning gets the same one while it is kept, so that they add up. */
export class CostReckonings {
  private readonly turns: Turns;
  private readonly underWay = new Map<string, Promise<CostReckoning>>();
  /** The latest last, by organization, month and when they were reckoned. */
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly report: Pick<CostReport, 'reckon'>,
    private readonly clock: Clock = systemClock,
  ) {
    this.turns = new Turns('too many costs are being reckoned', RECKONING_TURNS, clock);
  }

  /** @param reckonedAt of the pages before; undefined: of the first page @throws ProblemError overloaded */
  async of(organizationId: string, periodFrom: Date, reckonedAt: number | undefined): Promise<CostReckoning> {
    const month = `${organizationId} ${periodFrom.getTime()} `;
    this.forget();
    const same = this.kept.get(`${month}${reckonedAt ?? ''}`);
    if (same) return same.reckoning;
    const latest = [...this.kept].findLast(([key]) => key.startsWith(month))?.[1];
    if (latest && this.isGood(latest)) return latest.reckoning;
    const known = this.underWay.get(month);
    if (known) return known;
    const reckoning = this.turns
      .run(() => this.reckon(organizationId, periodFrom, month))
      .finally(() => this.underWay.delete(month));
    this.underWay.set(month, reckoning);
    return reckoning;
  }

  private async reckon(organizationId: string, periodFrom: Date, month: string): Promise<CostReckoning> {
    const begun = this.clock.now();
    const reckoning = await this.report.reckon(organizationId, periodFrom.getTime());
    const at = this.clock.now();
    this.kept.set(`${month}${reckoning.reckonedAt.getTime()}`, { reckoning, at, tookMs: at - begun });
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return reckoning;
  }

  private isGood({ at, tookMs }: Kept): boolean {
    return tookMs >= LONG_MS && this.clock.now() - at < tookMs * FRESH_TIMES;
  }

  private forget(): void {
    for (const [key, { at }] of this.kept) {
      if (this.clock.now() - at < KEEP_MS) return;
      this.kept.delete(key);
    }
  }
}
