import { forEachBounded, type Clock } from '@leasehold/foundation';

import type { PrismaClient } from '../generated/client.js';
import { outageOf } from '../outage.js';
import { dueMonths, type DueMonth } from './due-months.js';
import type { FinalizeOutcome, FinalizeTerms } from './finalize-invoice.js';
import type { Invoices } from './invoices.js';

/** Months that are looked up at once. */
const MONTHS_AT_ONCE = 500;
/** Organizations whose invoices are made at the same time: while one waits for Postgres another computes. */
const ORGANIZATIONS_AT_ONCE = 4;

export interface InvoiceRoundReport {
  /** Months by what came of them. */
  readonly outcomes: Readonly<Partial<Record<FinalizeOutcome['outcome'], number>>>;
  /** Organizations whose invoice could not be made: the next round tries again. */
  readonly failed: number;
}

export interface InvoiceRoundContext {
  readonly prisma: PrismaClient;
  readonly invoices: Invoices;
  readonly clock: Clock;
  /** The invoice of a month could not be made; the others are. */
  readonly onFailed: (month: DueMonth, cause: unknown) => void;
  readonly organizationsAtOnce?: number;
}

/** Where a round is. */
interface Progress {
  readonly outcomes: Partial<Record<FinalizeOutcome['outcome'], number>>;
  failed: number;
  /** Usage of this month is not complete, of no organization, and of later ones all the more. */
  earlyFrom: number;
}

/** Issues the invoices of all months that have ended, of all organizations. May run beside itself, die anywhere, and run again: each month is billed once. */
export class InvoiceRound {
  constructor(private readonly context: InvoiceRoundContext) {}

  /**
   * @param marginMs how long after its end a month is billed
   * @throws the signal's reason, and what Postgres throws when it does not answer; what is issued stays
   */
  async pass(marginMs: number, signal: AbortSignal): Promise<InvoiceRoundReport> {
    const { prisma, clock, organizationsAtOnce = ORGANIZATIONS_AT_ONCE } = this.context;
    const now = clock.now();
    const progress: Progress = { outcomes: {}, failed: 0, earlyFrom: Infinity };
    let after: DueMonth | undefined;
    for (;;) {
      const months = await dueMonths(prisma, new Date(now - marginMs), after, MONTHS_AT_ONCE);
      await forEachBounded(byOrganization(months), organizationsAtOnce, async (own) => {
        for (const month of own) {
          signal.throwIfAborted();
          if (month.periodFrom.getTime() < progress.earlyFrom) await this.finalize(month, { now, marginMs }, progress);
        }
      });
      after = months.at(-1);
      if (months.length < MONTHS_AT_ONCE) return { outcomes: progress.outcomes, failed: progress.failed };
    }
  }

  private async finalize(month: DueMonth, terms: FinalizeTerms, progress: Progress): Promise<void> {
    const from = month.periodFrom.getTime();
    try {
      const { outcome } = await this.context.invoices.finalize(month.organizationId, from, terms);
      progress.outcomes[outcome] = (progress.outcomes[outcome] ?? 0) + 1;
      if (outcome === 'early') progress.earlyFrom = Math.min(progress.earlyFrom, from);
    } catch (cause) {
      // One that takes too long fails like an outage, and must not keep the others from theirs.
      if (outageOf(cause) !== undefined && !(await this.answers())) throw cause;
      progress.failed++;
      this.context.onFailed(month, cause);
    }
  }

  private async answers(): Promise<boolean> {
    return this.context.prisma.$queryRaw`SELECT 1`.then(
      () => true,
      () => false,
    );
  }
}

/** In the order in which they are: by organization, and then by time, because a month waits for the one before it. */
function byOrganization(months: readonly DueMonth[]): Iterable<readonly DueMonth[]> {
  const groups = new Map<string, DueMonth[]>();
  for (const month of months) {
    const own = groups.get(month.organizationId);
    if (own) own.push(month);
    else groups.set(month.organizationId, [month]);
  }
  return groups.values();
}
