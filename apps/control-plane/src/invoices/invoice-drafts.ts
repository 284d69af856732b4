import { systemClock, type Clock } from '@leasehold/foundation';
import type { InvoiceDraft, Invoices } from '@leasehold/metadata';

import { Turns, type TurnsSettings } from '../requests/turns.js';

/** Each keeps a connection to Postgres, milliseconds for most, and minutes for lines of the largest: others need some too. */
const DRAFT_TURNS: TurnsSettings = { atOnce: 3, maxWaiting: 100, maxWaitMs: 10_000 };
/** One that took long is good for so many times as long as it took: one in twenty seconds of Postgres goes into it at most. */
const LONG_MS = 3_000;
const FRESH_TIMES = 20;
/** In memory, for who reads page after page: some tens of MB each. */
const MAX_KEPT = 4;

interface Kept {
  readonly draft: InvoiceDraft | undefined;
  /** Until then it is good. */
  readonly until: number;
}

/**
 * Drafts of invoices, few at once, and computed anew at each ask but where that takes long. Who asks for one that is being computed gets that one: an organization has one turn for
 * each month, and one more where lines are told with what of the ledger they count.
 */
export class InvoiceDrafts {
  private readonly turns: Turns;
  private readonly underWay = new Map<string, Promise<InvoiceDraft | undefined>>();
  /** The latest last. */
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly invoices: Pick<Invoices, 'draft'>,
    private readonly clock: Clock = systemClock,
  ) {
    this.turns = new Turns('too many drafts of invoices are being computed', DRAFT_TURNS, clock);
  }

  /** @returns undefined when there is no such organization, or it came later @throws ProblemError overloaded */
  async of(organizationId: string, periodFrom: Date, withEvidence = false): Promise<InvoiceDraft | undefined> {
    this.forget();
    const key = `${organizationId} ${periodFrom.getTime()} ${withEvidence ? 'with evidence' : ''}`;
    const kept = this.kept.get(key);
    if (kept) return kept.draft;
    const known = this.underWay.get(key);
    if (known) return known;
    const draft = this.turns
      .run(() => this.compute(organizationId, periodFrom, withEvidence, key))
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, draft);
    return draft;
  }

  private async compute(
    organizationId: string,
    periodFrom: Date,
    withEvidence: boolean,
    key: string,
  ): Promise<InvoiceDraft | undefined> {
    const begun = this.clock.now();
    const draft = await this.invoices.draft(organizationId, periodFrom.getTime(), { withEvidence });
    const now = this.clock.now();
    if (now - begun < LONG_MS) return draft;
    this.kept.set(key, { draft, until: now + (now - begun) * FRESH_TIMES });
    const [oldest] = this.kept.keys();
    if (this.kept.size > MAX_KEPT && oldest !== undefined) this.kept.delete(oldest);
    return draft;
  }

  private forget(): void {
    for (const [key, { until }] of this.kept) if (until <= this.clock.now()) this.kept.delete(key);
  }
}
