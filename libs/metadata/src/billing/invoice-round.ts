import type { Clock } from '@leasehold/foundation';

import type { PrismaClient } from '../generated/client.js';
import { outageOf } from '../outage.js';
import { dueMonths, type DueMonth } from './due-months.js';
import type { FinalizeOutcome } from './finalize-invoice.js';
import type { Invoices } from './invoices.js';

/** Months that are looked up at once. */
const MONTHS_AT_ONCE = 500;

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
}

/** Issues the invoices of all months that have ended, of all organizations. May run beside itself, die anywhere, and run again: each month is billed once. */
export class InvoiceRound {
  constructor(private readonly context: InvoiceRoundContext) {}

  /**
   * @param marginMs how long after its end a month is billed
   * @throws the signal's reason, and what Postgres throws when it does not answer; what is issued stays
   */
  async pass(marginMs: number, signal: AbortSignal): Promise<InvoiceRoundReport> {
    const { prisma, invoices, clock, onFailed } = this.context;
    const now = clock.now();
    const outcomes: Partial<Record<FinalizeOutcome['outcome'], number>> = {};
    let failed = 0;
    /** Usage of this month is not complete, of no organization, and of later ones all the more. */
    let earlyFrom = Infinity;
    let after: DueMonth | undefined;
    for (;;) {
      const months = await dueMonths(prisma, new Date(now - marginMs), after, MONTHS_AT_ONCE);
      for (const month of months) {
        signal.throwIfAborted();
        if (month.periodFrom.getTime() >= earlyFrom) continue;
        try {
          const terms = { now, marginMs };
          const { outcome } = await invoices.finalize(month.organizationId, month.periodFrom.getTime(), terms);
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          if (outcome === 'early') earlyFrom = month.periodFrom.getTime();
        } catch (cause) {
          // One that takes too long fails like an outage, and must not keep the others from theirs.
          if (outageOf(cause) !== undefined && !(await this.answers())) throw cause;
          failed++;
          onFailed(month, cause);
        }
      }
      after = months.at(-1);
      if (months.length < MONTHS_AT_ONCE) return { outcomes, failed };
    }
  }

  private async answers(): Promise<boolean> {
    return this.context.prisma.$queryRaw`SELECT 1`.then(
      () => true,
      () => false,
    );
  }
}
