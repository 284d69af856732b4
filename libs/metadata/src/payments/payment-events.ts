import type { PrismaClient } from '../generated/client.js';

export interface ReceivedEvent {
  readonly provider: string;
  /** Of the provider. */
  readonly id: string;
  readonly type: string;
  readonly at: Date;
  readonly about: { readonly kind: 'bill' | 'customer'; readonly reference: string } | undefined;
}

/** What came of an event: `known` was received before, `foreign` is about nothing of ours. */
export type EventOutcome = 'taken' | 'known' | 'foreign';

/** Providers send an event for a few days, and people send one again for a month. Whichever comes after is looked at as if it were new, which harms nothing. */
const KEPT_DAYS = 60;
const PRUNED_AT_ONCE = 1_000;

/** Events of payment providers. Each makes somebody look, once. */
export class PaymentEvents {
  constructor(private readonly prisma: PrismaClient) {}

  /** Notes an event and whom it is about, in one transaction: what is answered as taken is looked at. */
  async take({ provider, id, type, at, about }: ReceivedEvent, now: Date): Promise<EventOutcome> {
    return this.prisma.$transaction(async (transaction) => {
      const row = { provider, id, type, about: about?.reference ?? null, happenedAt: at, receivedAt: now };
      const { count } = await transaction.paymentEvent.createMany({ data: [row], skipDuplicates: true });
      if (count === 0) return 'known';
      if (about === undefined) return 'foreign';
      const where = { provider, reference: about.reference };
      const hinted =
        about.kind === 'bill'
          ? await transaction.payment.updateMany({ where, data: { nextStepAt: now } })
          : await transaction.paymentCustomer.updateMany({ where, data: { nextLookAt: now } });
      return hinted.count > 0 ? 'taken' : 'foreign';
    });
  }

  /** @returns how many */
  prune(now: Date): Promise<number> {
    const before = new Date(now.getTime() - KEPT_DAYS * 24 * 60 * 60 * 1_000);
    return this.prisma.$executeRaw`
      DELETE FROM payment_events WHERE (provider, id) IN (
        SELECT provider, id FROM payment_events WHERE received_at < ${before}::timestamptz
        ORDER BY received_at LIMIT ${PRUNED_AT_ONCE}::int)`;
  }
}
