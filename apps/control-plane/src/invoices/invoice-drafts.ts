import type { InvoiceDraft, Invoices } from '@leasehold/metadata';

import { Turns, type TurnsSettings } from '../requests/turns.js';

/** Each keeps a connection to Postgres, milliseconds for most and half a minute for the largest: others need some too. */
const DRAFT_TURNS: TurnsSettings = { atOnce: 3, maxWaiting: 100, maxWaitMs: 10_000 };

/** Drafts of invoices, computed anew at each ask, few at once. Who asks for one that is being computed gets that one: an organization has one turn for each month. */
export class InvoiceDrafts {
  private readonly turns = new Turns('too many drafts of invoices are being computed', DRAFT_TURNS);
  private readonly underWay = new Map<string, Promise<InvoiceDraft | undefined>>();

  constructor(private readonly invoices: Pick<Invoices, 'draft'>) {}

  /** @returns undefined when there is no such organization, or it came later @throws ProblemError overloaded */
  of(organizationId: string, periodFrom: Date): Promise<InvoiceDraft | undefined> {
    const key = `${organizationId} ${periodFrom.getTime()}`;
    const known = this.underWay.get(key);
    if (known) return known;
    const draft = this.turns
      .run(() => this.invoices.draft(organizationId, periodFrom.getTime()))
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, draft);
    return draft;
  }
}
