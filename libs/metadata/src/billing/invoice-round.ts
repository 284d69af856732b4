import { forEachBounded, type Clock } from '@leasehold/foundation';

import type { PrismaClient } from '../generated/client.js';
import { outageOf } from '../outage.js';
import { dueMonths, MAX_COUNTED_DATABASES, type DueMonth } from './due-months.js';
import type { FinalizeOutcome, FinalizeTerms } from './finalize-invoices.js';
import { invoiceBatches, type InvoiceBatch } from './invoice-batch.js';
import type { Invoices } from './invoices.js';

/** Made in one transaction: each costs a tenth of what it does alone. Others wait for their numbers meanwhile, some tenths of a second. */
const INVOICES_TOGETHER = 100;
/** Batches under way: while one computes another is written. */
const BATCHES_AT_ONCE = 2;
/** Told of one round; what else made batches fail is with the last of them. */
const MAX_SPLIT_CAUSES = 10;

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
  /**
   * Batches could not be made as such; each of their invoices was tried alone. Told once for each cause when the round ends, however it does: where it keeps
   * happening, rounds take ten times as long.
   */
  readonly onSplit?: (split: BatchSplit) => void;
  readonly invoicesTogether?: number;
  readonly batchesAtOnce?: number;
}

/** Batches of a round that failed for one reason. */
export interface BatchSplit {
  /** Of the first one. */
  readonly cause: unknown;
  readonly batches: number;
  readonly invoices: number;
}

/** Where a round is. */
interface Progress {
  readonly terms: FinalizeTerms;
  readonly signal: AbortSignal;
  readonly outcomes: Partial<Record<FinalizeOutcome['outcome'], number>>;
  failed: number;
  /** By what their causes say of themselves. */
  readonly splits: Map<string, BatchSplit>;
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
    const terms = { now: this.context.clock.now(), marginMs };
    const progress: Progress = { terms, signal, outcomes: {}, failed: 0, splits: new Map(), earlyFrom: Infinity };
    try {
      await this.bill(progress);
    } finally {
      for (const split of progress.splits.values()) this.context.onSplit?.(split);
    }
    return { outcomes: progress.outcomes, failed: progress.failed };
  }

  private async bill(progress: Progress): Promise<void> {
    const { prisma, invoicesTogether = INVOICES_TOGETHER, batchesAtOnce = BATCHES_AT_ONCE } = this.context;
    const { terms, signal } = progress;
    const bounds = { maxInvoices: invoicesTogether, maxDatabases: MAX_COUNTED_DATABASES };
    let after: string | undefined = '';
    while (after !== undefined) {
      signal.throwIfAborted();
      const { months, last } = await dueMonths(prisma, new Date(terms.now - terms.marginMs), after);
      for (const batches of invoiceBatches(months, bounds)) {
        await forEachBounded(batches, batchesAtOnce, (batch) => this.finalize(batch, progress));
      }
      after = last;
    }
  }

  private async finalize(batch: InvoiceBatch, progress: Progress): Promise<void> {
    const { terms, signal, outcomes } = progress;
    const from = batch[0]?.periodFrom.getTime() ?? Infinity;
    signal.throwIfAborted();
    if (from >= progress.earlyFrom) return;
    const organizationIds = batch.map(({ organizationId }) => organizationId);
    try {
      const done = await this.context.invoices.finalizeAll(organizationIds, from, terms);
      for (const { outcome } of done.values()) {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        if (outcome === 'early') progress.earlyFrom = Math.min(progress.earlyFrom, from);
      }
    } catch (cause) {
      // One that takes too long fails like an outage, and must not keep the others from theirs.
      if (outageOf(cause) !== undefined && !(await this.answers())) throw cause;
      await this.failed(batch, cause, progress);
    }
  }

  /** Of many each is tried alone: one that cannot be made keeps no other from being made. */
  private async failed(batch: InvoiceBatch, cause: unknown, progress: Progress): Promise<void> {
    const [month, ...others] = batch;
    if (month !== undefined && others.length === 0) {
      progress.failed++;
      this.context.onFailed(month, cause);
      return;
    }
    note(progress.splits, batch, cause);
    for (const one of batch) await this.finalize([one], progress);
  }

  private async answers(): Promise<boolean> {
    return this.context.prisma.$queryRaw`SELECT 1`.then(
      () => true,
      () => false,
    );
  }
}

function note(splits: Map<string, BatchSplit>, batch: InvoiceBatch, cause: unknown): void {
  const told = String(cause);
  const key = splits.has(told) || splits.size < MAX_SPLIT_CAUSES ? told : ([...splits.keys()].at(-1) ?? told);
  const known = splits.get(key) ?? { cause, batches: 0, invoices: 0 };
  splits.set(key, { ...known, batches: known.batches + 1, invoices: known.invoices + batch.length });
}
